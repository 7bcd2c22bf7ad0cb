"""Weight sets on the Hugging Face Hub: named, fetched, verified, kept and published."""

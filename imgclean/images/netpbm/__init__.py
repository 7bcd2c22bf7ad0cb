"""PNM, PAM and PFM."""

"""What training minimises: weighted terms as data, their measures, and their sum."""

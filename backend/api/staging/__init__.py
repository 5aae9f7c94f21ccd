"""Files that lie in the data folder before the database knows of them."""

"""What higher apps add to accounts: permissions of staff roles, and what each does with the data of a deleted user."""

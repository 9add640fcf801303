"""What higher apps add to accounts: permissions of staff roles, what changes of accounts mean there, and what becomes of deleted users."""

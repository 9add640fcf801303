"""Where allauth's ways of signing in meet our accounts: its adapter, its tokens. What is ours in them is written by actions."""

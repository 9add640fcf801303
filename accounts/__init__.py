"""Users, sign-up, login, sessions and tokens. Who somebody is; never what they may do in a community."""

"""The servers that Portcullis is measured against: how each is got, started and spoken to. One that cannot be had is absent."""

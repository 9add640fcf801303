"""The outbox of development and demo: mails and SMS that no provider sends, kept to be read at `/dev/outbox`. Never in production."""

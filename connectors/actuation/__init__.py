"""The write session. The gate opens it, with a permit in hand; nobody else imports this."""

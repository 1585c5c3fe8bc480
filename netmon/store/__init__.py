"""The only room with database clients: spool, series and ledger behind the Protocols of ``ports``."""

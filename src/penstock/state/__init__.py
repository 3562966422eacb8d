"""What has happened: frozen records, status enums, tables of legal moves."""

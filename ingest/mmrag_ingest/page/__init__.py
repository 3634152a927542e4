"""The report of an ingestion as one HTML page with a thumbnail of each page (``mmrag ingest --report DIR``)."""

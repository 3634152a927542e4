"""Chat models of providers, one module for each way of speaking. A provider's package is imported when it is first used."""

"""``mmrag serve``: the HTTP API, the web page, and the OpenAI-compatible route, over one store or several."""

"""Vision-language models run in this process by transformers. torch is imported when one is first asked."""

"""The agent: stages that do not know each other, joined by one workflow in ``mmrag.agent.answer``."""

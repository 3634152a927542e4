"""What the steps of the workflow do. Each takes the case, its round and the agent's parts, calls one stage, writes into the
trace and tells whoever listens, and gives the next round."""

from mmrag.agent.steps.closing import close
from mmrag.agent.steps.criticising import criticise
from mmrag.agent.steps.deciding import decide
from mmrag.agent.steps.drafting import draft
from mmrag.agent.steps.gathering import gather, gather_what_is_missing
from mmrag.agent.steps.planning import plan
from mmrag.agent.steps.selecting import select
from mmrag.agent.steps.verifying import verify

__all__ = ["close", "criticise", "decide", "draft", "gather", "gather_what_is_missing", "plan", "select", "verify"]

"""The default rule, ended by the first input that ends."""

from flowlace.framework.input_policies.default import DefaultInputPolicy
from flowlace.framework.input_policies.policy import Readiness, register_input_policy
from flowlace.framework.timestamp import DONE


@register_input_policy("EarlyCloseInputStreamHandler")
class EarlyCloseInputPolicy(DefaultInputPolicy):
    """As the default policy, but closes the node when any stream is done and empty.

    Source: MediaPipe `framework/stream_handler/early_close_input_stream_handler.cc`.
    """

    def readiness(self) -> Readiness:
        """Ready as the default policy; closes at the first ended stream."""
        if any(self.is_closed_by(queue) for queue in self.queues):
            self.timestamp = DONE
            return Readiness.CLOSE
        return super().readiness()

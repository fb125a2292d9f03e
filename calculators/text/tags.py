"""Says what a recording was about when it ends."""

from dataclasses import dataclass

from flowlace.formats.transcript import WordRow
from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Contract, ContractError, Port
from flowlace.framework.options import option, proto_options
from flowlace.framework.packet import Packet
from flowlace.framework.registry import register_calculator
from flowlace.framework.timestamp import is_range_value
from flowlace.tags.candidates import TermCounter
from flowlace.tags.tagging import TagModel, best_tags


@proto_options("flowlace.TagsCalculatorOptions")
@dataclass(frozen=True, kw_only=True, slots=True)
class TagsOptions:
    """Options of `TagsCalculator`."""

    max_tags: int = option(1, default=3)
    """How many tags are given at most."""


@register_calculator
class TagsCalculator(Calculator[TagsOptions]):
    """Says what a recording was about when it ends.

    Inputs:   WORDS (list[WordRow]), the words of one segment a packet
    Outputs:  TAGS (list[str]), once, at the end, the most telling first

    Terms and their roles are counted while words come in, so the tags are there at once when the
    stream ends. Names are written with capitals; stop words and swear words are no tags. A
    recording without nouns has no tags and gives an empty list; one without words gives nothing.

    Timestamp: that of the last words. Memory holds counts only, of 20 000 terms at most.

    Example:
        ```
        node {
          calculator: "TagsCalculator"
          input_stream: "WORDS:words"
          output_stream: "TAGS:tags"
          options { [flowlace.TagsCalculatorOptions.ext] { max_tags: 3 } }
        }
        ```
    """

    input_ports = (Port("WORDS", list[WordRow], doc="words of a segment"),)
    output_ports = (Port("TAGS", list[str], doc="what it was about"),)

    @classmethod
    def configure(cls, contract: Contract) -> None:
        """Requires room for a tag."""
        if contract.options.max_tags < 1:
            raise ContractError(f"max_tags has to be at least 1, not {contract.options.max_tags}")

    def open(self) -> None:
        """Loads what tags are made with."""
        self._model = TagModel.packaged()
        self._counter = TermCounter(self._model.tagger)
        self._last: int | None = None

    def process(self, packets: PacketSet) -> None:
        """Counts the words of a segment."""
        rows: list[WordRow] = packets["WORDS"].payload
        self._counter.add([row.word for row in rows])
        if is_range_value(packets.timestamp):
            self._last = packets.timestamp

    def close(self) -> None:
        """Sends the tags."""
        if self.graph_error is None and getattr(self, "_last", None) is not None:
            tags = best_tags(self._counter, self.options.max_tags, self._model.prior)
            self.outputs["TAGS"].send(Packet(tags, self._last or 0))

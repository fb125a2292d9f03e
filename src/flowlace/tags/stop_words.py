"""Words that say nothing about what a recording is about, and words nobody wants as a tag."""

from typing import Final

_STOP_TEXT: Final = """
    able about above across actually after again against ago ah ahead all almost along already also
    although always am amount an and another answer any anybody anyone anything anyway apart are
    area around as aside ask at away awhile back bad be because become been before begin behind
    being below best better between beyond big bit both bottom bunch but by bye call came can
    cannot case cause certain chance come couple course day days deal did different do does doing
    done down due each early either else end enough er etc even ever every everybody everyone
    everything everywhere example extent fact far feel few fine first folks for form former forward
    found from front full further gave general get give given go goes going gone gonna good got
    gotta great group guess guy guys had half hand happen hard has have having he hello her here
    hers herself hey hi him himself his hm hmm hour hours how however huge hundred i idea if
    important in indeed inside instead into is issue it item items its itself job just keep kind
    kinda kinds knew know knowledge large last late later latter least left less let level life
    like likely line list little long look looks lot lots made main maker makes making man manner
    many matter may maybe me mean means men mhm middle might mind minute minutes miss moment moments
    month months more most mostly mr mrs ms much must my myself name near nearly need never new next
    nice no nobody none nor normal not nothing notion now nowhere number numbers of off often oh ok
    okay old on once one ones only onto open or order other others our ours ourselves out outside
    over own page part particular parts past people perhaps person piece pieces place places plenty
    point points possible previous probably problem put quality question questions quite range
    rather real really reason reasons recent regard respect rest result results right role said
    same saw say second seconds section see seem seen sense set several shall she short should show
    side sides similar simple since sir situation small so some somebody someone something sometimes
    somewhat somewhere soon sort sorts stage start state still stop stuff such sure take talk tell
    ten term terms than thank thanks that the their theirs them themselves then there these they
    thing things think third this those thou though thousand three through thus thy thee thine
    ye time times to today together told tomorrow tonight too took top total toward towards tried
    true try turn two type types uh um under until up upon us use used useful using usual usually
    various very via view wanna want was way ways we week weeks well went were what whatever when
    where whether which while who whole whom whose why will wise with within without woman women
    wonder word words work worth would wow wrong yeah year years yep yes yesterday yet you your
    yours yourself yourselves
"""
STOP_WORDS: Final = frozenset(_STOP_TEXT.split())
"""In lower case; matched with the singular as well."""

_NAME_TEXT: Final = """
    big first good great hard last little long middle new old open right second small third three
"""
NAME_BEGINNINGS: Final = frozenset(_NAME_TEXT.split())
"""Stop words that say something with a name behind them: New York, the Middle Ages."""

_SWEAR_TEXT: Final = """
    arse arsehole ass asses asshole assholes bastard bastards bitch bitches bollocks bugger bullshit
    cock cocks crap cunt cunts damn damned dick dickhead dicks fuck fucked fucker fuckers fuckin
    fucking fucks goddamn hell horseshit motherfucker motherfuckers motherfucking piss pissed prick
    pricks pussy shit shite shits shitty slut sluts tit tits tosser twat wank wanker wankers whore
    whores
"""
SWEAR_WORDS: Final = frozenset(_SWEAR_TEXT.split())
"""In lower case."""

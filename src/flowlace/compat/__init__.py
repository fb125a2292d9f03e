"""Former APIs of other libraries, as thin as they can be."""

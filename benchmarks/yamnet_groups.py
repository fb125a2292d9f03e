"""YAMNet's classes as the kinds of sound of the shipped classifier: by what their names mean."""

from collections.abc import Mapping, Sequence
from typing import Final

YAMNET_GROUPS: Final[Mapping[str, Sequence[str]]] = {
    "baby_cry": ["Crying, sobbing", "Baby cry, infant cry", "Whimper"],
    "chainsaw": ["Chainsaw", "Light engine (high frequency)", "Power tool", "Sawing"],
    "clock_tick": ["Clock", "Tick-tock", "Tick", "Mechanisms"],
    "dog_bark": [
        "Dog", "Bark", "Bow-wow", "Yip", "Canidae, dogs, wolves", "Howl", "Growling",
        "Whimper (dog)",
    ],
    "fire_crackling": ["Fire", "Crackle", "Crumpling, crinkling"],
    "helicopter": ["Helicopter", "Aircraft", "Propeller, airscrew", "Aircraft engine"],
    "music": ["Music", "Musical instrument"],
    "rain": ["Rain", "Rain on surface", "Raindrop"],
    "rooster": ["Chicken, rooster", "Fowl", "Crowing, cock-a-doodle-doo"],
    "sea_waves": ["Ocean", "Waves, surf"],
    "sneeze": ["Sneeze"],
    "speech": [
        "Speech", "Child speech, kid speaking", "Conversation", "Narration, monologue",
        "Speech synthesizer",
    ],
}  # fmt: skip

"""The words of messages, one language a file. To change a wording, edit ``id.py`` or ``en.py``; to add a language, add
a file like them and its line in ``TEXTS``.

Titles may use these fields, which are always text and never empty unless said:

- ``{severity}``: the word for it; ``{where}``: what it is about and its region; ``{direction}``: " (turun)" or empty;
- ``{usage}``: how bad against which contract; ``{duration}``: from opening to close; ``{affected}``: counts, or "-".
"""

from netmon.alerts.texts.en import EN
from netmon.alerts.texts.id import ID
from netmon.alerts.texts.language import Texts

TEXTS: dict[str, Texts] = {"id": ID, "en": EN}

__all__ = ["TEXTS", "Texts"]

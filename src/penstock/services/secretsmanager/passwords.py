"""Random passwords."""

from __future__ import annotations

import secrets
import string

from penstock.errors import AwsError
from penstock.services.service import Answer, Request, Service
from penstock.state.calls import Call

KINDS = {
    "ExcludeLowercase": string.ascii_lowercase,
    "ExcludeUppercase": string.ascii_uppercase,
    "ExcludeNumbers": string.digits,
    "ExcludePunctuation": string.punctuation,
}


class Passwords(Service):
    async def get_random_password(self, call: Call, request: Request) -> Answer:
        excluded = set(request.get("ExcludeCharacters", ""))
        kinds = [
            [character for character in characters if character not in excluded]
            for member, characters in KINDS.items()
            if not request.get(member)
        ]
        if request.get("IncludeSpace"):
            kinds.append([" "])
        length, each = (
            request.get("PasswordLength", 32),
            request.get("RequireEachIncludedType", True),
        )
        kinds = [kind for kind in kinds if kind]
        if not kinds or (each and length < len(kinds)):
            raise AwsError(
                "InvalidParameterException",
                "Password length is too short based on the required types, or no characters are"
                " left to make it of.",
            )
        return {"RandomPassword": _password(kinds, length, each)}


def _password(kinds: list[list[str]], length: int, each: bool) -> str:
    """`length` random characters, with one of each kind if `each`."""
    everything = [character for kind in kinds for character in kind]
    characters = [secrets.choice(kind) for kind in kinds] if each else []
    characters += [secrets.choice(everything) for _ in range(length - len(characters))]
    secrets.SystemRandom().shuffle(characters)
    return "".join(characters)

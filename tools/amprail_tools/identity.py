"""What makes one device of many: its name and its two secrets, which its label carries."""

import secrets
from dataclasses import dataclass

# Without letters and digits that look alike, in any font: 31 of them. 59 bits for who joins the
# Wi-Fi, whose handshake WPA2 stretches; 79 for the claim, which who listens can try unstretched.
ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
PASSWORD_LENGTH = 12
CLAIM_LENGTH = 16
GROUP = 4


@dataclass(frozen=True)
class Identity:
    """name: of the device, its Wi-Fi and its address; claim: who has it is the owner."""

    name: str
    wifi_password: str
    claim: str

    @property
    def address(self) -> str:
        return f"http://{self.name}.local"

    @property
    def wifi_code(self) -> str:
        """What a phone's camera joins the device's own Wi-Fi with (ZXing's format)."""
        return f"WIFI:T:WPA;S:{self.name};P:{self.wifi_password};;"

    def files(self) -> dict[str, bytes]:
        """As the firmware looks for it in the data directory."""
        own = f"{self.name}\n{self.wifi_password}\n"
        return {"ap": own.encode(), "claim": self.claim.encode() + b"\n"}


def new_identity(mac: str) -> Identity:
    """For the chip with this address ("24:0a:..."): the name stays, the secrets are new."""
    name = f"amprail-{mac.replace(':', '')[-6:]}"
    return Identity(name, _secret(PASSWORD_LENGTH), _secret(CLAIM_LENGTH))


def _secret(length):
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def grouped(secret: str) -> str:
    """As people read and type it; the page ignores what stands between."""
    return "-".join(secret[at : at + GROUP] for at in range(0, len(secret), GROUP))

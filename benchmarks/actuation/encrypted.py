"""Site of a simulated plant on an encrypted channel."""

import shutil
from pathlib import Path

from handwheel.connectors.model.endpoints import Security
from handwheel.connectors.model.site import Site, load_site
from handwheel.connectors.opcua.security.application import CERTIFICATE, FOLDER, make_application
from handwheel.connectors.opcua.security.certificates import read_certificate

ENCRYPTED: Security = "Basic256Sha256/SignAndEncrypt"


def secure(place: Path, identity: Path, security: Security = ENCRYPTED) -> Site:
    """Makes a site and a simulated plant trust each other, and returns the loaded site.

    Args:
        place: The site's folder, as `write_site` makes it.
        identity: The folder of `plants serve --identity`, after the first start; a file in its
            `trusted` counts at once.
    """
    make_application(place, load_site(place).id)
    shutil.copy(place / FOLDER / CERTIFICATE, identity / "trusted" / f"{place.name}.der")
    pin = read_certificate((identity / "certificate.der").read_bytes()).thumbprint
    site, plain = place / "site.yaml", "kind: opcua,"
    text = site.read_text(encoding="utf-8")
    keys = f'{plain} security: {security}, certificate: "{pin}",'
    site.write_text(text.replace(plain, keys, 1), encoding="utf-8")
    return load_site(place)

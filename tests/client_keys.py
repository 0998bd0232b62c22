"""Private keys of a client of FHIR servers, in files, made anew for each test."""

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat


def pem(key):
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def key_file(folder, name="key.pem", key=None):
    file = folder / name
    file.write_bytes(pem(key or ec.generate_private_key(ec.SECP384R1())))
    return file

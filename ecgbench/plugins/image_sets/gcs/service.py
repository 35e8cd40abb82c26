"""What is asked of Google Cloud Storage, each with a deadline of seconds: list, find, download, upload. The only file that imports google.cloud."""

from __future__ import annotations

import base64
import os
import time
import zlib
from collections.abc import Callable, Iterator
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast
from urllib.parse import quote

from ecgbench.plugins.image_sets.gcs.stored import SCHEME, GcsError, StoredObject

if TYPE_CHECKING:
    from google.cloud.storage import Blob

T = TypeVar("T")

SECONDS = 10.0  # that a question may take, all its tries together; the library's default retries for 120
SLOWEST_BYTES_PER_SECOND = 500_000  # a download has so much longer, so that a big scan on a slow line is no failure
CONNECT_SECONDS, SILENT_SECONDS = 3.0, 5.0  # of one try, until it is connected and between two bytes
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 2.0  # seconds between tries, doubled each time
PAGE = 1000  # objects of a listing at a time, the most that the service gives
CONNECTIONS = 16  # kept open, for as many threads
READ_BYTES = 1 << 18  # at most, at a time
CORRUPT_TRIES = 2  # of a download whose checksum is wrong: the first may have been the line's fault
FIELDS = "items(name,generation,size,crc32c,contentEncoding),nextPageToken"
NO_PROJECT = "<none>"  # reading and writing objects needs none; this is the library's own word for it
MISSING_EXTRA = "Pictures in Google Cloud Storage need the package google-cloud-storage; `pip install 'ecg-image-bench[gcs]'`."
LOG_IN = "run `gcloud auth application-default login`, or set GOOGLE_APPLICATION_CREDENTIALS to a service account's key"


class _LateError(Exception):
    """The deadline passed while bytes still came."""


class _TooLargeError(Exception):
    """More bytes came than were announced."""


def check_installed() -> None:
    """Raise GcsError, which says how to get it, where the package of the extra `gcs` is not there."""
    _library()


def list_objects(bucket: str, prefix: str, *, at_most: int | None = None) -> Iterator[StoredObject]:
    """Yield the objects whose names begin with `prefix`, in the order of their names; each page of 1000 has its own deadline."""
    where = f"{SCHEME}{bucket}/{prefix}"
    token: str | None = None
    left = at_most
    while True:
        found, token = _page_of(bucket, prefix, token, min(PAGE, left or PAGE), where)
        found = found[:left]
        yield from found
        left = None if left is None else left - len(found)
        if token is None or left == 0:
            return


def find_object(bucket: str, name: str, *, seconds: float = SECONDS) -> StoredObject:
    """Return the newest version of an object; GcsError where there is none."""
    where = f"{SCHEME}{bucket}/{name}"
    until = time.monotonic() + seconds
    blob = _client().bucket(bucket).blob(name)
    _asked(lambda: blob.reload(timeout=_patience(until), retry=None), where, until)
    return _stored(bucket, blob)


def download(stored: StoredObject, *, seconds: float | None = None) -> bytes:
    """Return the bytes of this very version, their checksum verified; `seconds`: for all tries, by default more for bigger ones.

    Ends at the latest SILENT_SECONDS after that. GcsError says what is wrong.
    """
    until = time.monotonic() + (SECONDS + stored.size / SLOWEST_BYTES_PER_SECOND if seconds is None else seconds)
    for _ in range(CORRUPT_TRIES):
        data: bytes = _asked(lambda: _downloaded(stored, until), str(stored), until)
        if len(data) == stored.size and crc32c(data) == stored.crc32c:
            return data
    raise GcsError(f"{stored} came with a wrong checksum {CORRUPT_TRIES} times; try again, and upload it anew if that goes on.")


def unpacked(stored: StoredObject, data: bytes, most: int) -> bytes:
    """Return the content of an object: its bytes, or what they unpack to where it is stored gzipped; GcsError beyond `most` bytes."""
    if not stored.gzipped:
        return data
    unpacking = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        content = unpacking.decompress(data, most)
    except zlib.error:
        return data  # it says that it is compressed, and is not
    if unpacking.unconsumed_tail:
        raise GcsError(f"{stored} unpacks to more than {most / 1e6:.0f} MB, more than a page can need; scale the picture down.")
    return content


def upload(data: bytes, bucket: str, name: str, *, content_type: str) -> str:
    """Write an object, whole or not at all, and return its address; GcsError where that fails."""
    where = f"{SCHEME}{bucket}/{name}"
    until = time.monotonic() + SECONDS + len(data) / SLOWEST_BYTES_PER_SECOND
    blob = _client().bucket(bucket).blob(name)
    _asked(
        lambda: blob.upload_from_string(data, content_type=content_type, timeout=_patience(until), checksum="crc32c", retry=None),
        where,
        until,
        doing="written",
    )
    return where


def crc32c(data: bytes) -> str:
    """Return a checksum as the service writes it.

    >>> crc32c(b"123456789")  # E3069283, the check value of CRC-32C
    '4waSgw=='
    """
    try:
        import google_crc32c
    except ImportError:
        raise GcsError(MISSING_EXTRA) from None
    return base64.b64encode(google_crc32c.value(data).to_bytes(4, "big")).decode("ascii")


def _page_of(bucket: str, prefix: str, token: str | None, size: int, where: str) -> tuple[list[StoredObject], str | None]:
    until = time.monotonic() + SECONDS

    def ask() -> tuple[list[StoredObject], str | None]:
        listing = _client().list_blobs(
            bucket, prefix=prefix or None, page_token=token, page_size=size, fields=FIELDS, timeout=_patience(until), retry=None
        )
        page = next(listing.pages, ())
        return [_stored(bucket, blob) for blob in page], listing.next_page_token

    found, following = _asked(ask, where, until, doing="listed")
    return sorted(found, key=lambda each: each.name.encode()), following  # as the service has them; emulators have not


def _stored(bucket: str, blob: Blob) -> StoredObject:
    return StoredObject(
        bucket, blob.name, int(blob.generation), int(blob.size), str(blob.crc32c), blob.content_encoding == "gzip"
    )


def _downloaded(stored: StoredObject, until: float) -> bytes:
    """Return the bytes of an object as they are stored, whatever they are.

    The library would do this too, but lets a line that drips go on for hours: it looks up from its socket every 8 kB only.
    """
    api, *_ = _library()
    connected = _connected()
    address = f"{connected.client.api_endpoint}/storage/v1/b/{stored.bucket}/o/{quote(stored.name, safe='')}"
    asked = {"alt": "media", "generation": str(stored.generation)}
    with connected.session.get(
        address, params=asked, headers={"Accept-Encoding": "gzip"}, stream=True, timeout=_patience(until)
    ) as response:
        if response.status_code != 200:
            raise api.from_http_response(response)
        data = bytearray()
        while part := response.raw.read1(READ_BYTES, decode_content=False):
            data += part
            if time.monotonic() > until:
                raise _LateError
            if len(data) > stored.size:
                raise _TooLargeError
    return bytes(data)


def _patience(until: float) -> tuple[float, float]:
    """Return the seconds that a try may take to connect, and between two bytes."""
    left = max(0.1, until - time.monotonic())
    return min(CONNECT_SECONDS, left), min(SILENT_SECONDS, left)


def _asked(action: Callable[[], T], where: str, until: float, *, doing: str = "read") -> T:
    """Return what the service answers, asking again where that helps and there is time; GcsError, a sentence, where it does not answer well."""
    api, auth, requests, urllib3, retry = _library()
    seconds = max(0.1, until - time.monotonic())
    again = retry.DEFAULT_RETRY.with_delay(initial=FIRST_PAUSE, maximum=LONGEST_PAUSE).with_timeout(seconds)
    try:
        return again(action)()  # type: ignore[no-any-return]
    except api.RetryError as error:
        raise GcsError(_late(where, seconds, error.cause)) from None
    except _LateError:
        raise GcsError(_late(where, seconds, None)) from None
    except _TooLargeError:
        raise GcsError(f"{where} is larger than its listing says; it was replaced meanwhile, so run it again.") from None
    except api.GoogleAPICallError as error:
        raise GcsError(_refused(where, error, doing)) from None
    except auth.GoogleAuthError as error:
        raise GcsError(f"{where} cannot be {doing}: the Google credentials do not work ({_short(error)}); {LOG_IN}.") from None
    except (requests.RequestException, urllib3.HTTPError, OSError) as error:
        raise GcsError(f"{where} cannot be {doing}: Google Cloud Storage is not reached ({_short(error)}).") from None


def _late(where: str, seconds: float, cause: Any) -> str:
    last = f"; the last try said: {_short(cause)}" if cause is not None else ""
    return f"Google Cloud Storage did not deliver {where} within {max(1, round(seconds))} s{last}."


def _refused(where: str, error: Any, doing: str) -> str:
    code = error.code
    if code == 404 and doing == "written":
        return f"{where} cannot be written: there is no such bucket; create it, or check its name."
    if code == 404 and doing == "listed":
        return f"{where} cannot be listed: there is no such bucket; check its name."
    if code == 404:
        return f"There is no {where} (any more); check bucket and name, and run it again if it was replaced meanwhile."
    if code in (401, 403) and _is_anonymous():
        return f"{where} cannot be {doing}: it is not open to everybody, and no Google credentials were found; {LOG_IN}."
    if code in (401, 403):
        role = "Storage Object User" if doing == "written" else "Storage Object Viewer"
        return f"{where} cannot be {doing}: the Google credentials do not allow it (HTTP {code}); ask for the role {role}."
    return f"{where} cannot be {doing}: Google Cloud Storage answered HTTP {int(code)} ({_short(error)})."


def _short(error: object) -> str:
    """Return an error of the library in a line; it tells the address once more, and pages of text."""
    text = " ".join(str(getattr(error, "message", "") or error).split()) or type(error).__name__
    return text[:160]


def _is_anonymous() -> bool:
    return _connected().anonymous


def _client() -> Any:
    return _connected().client


def _connected() -> _Connected:
    return _connect(os.getpid(), _emulator())


def _emulator() -> str | None:
    """Return where an emulator is reached, as the variable that Google's libraries know tells it."""
    host = os.environ.get("STORAGE_EMULATOR_HOST", "").rstrip("/")
    return (host if "://" in host else f"http://{host}") if host else None


class _Connected(NamedTuple):
    client: Any
    session: Any
    anonymous: bool


@cache
def _connect(_process: int, emulator: str | None) -> _Connected:
    """Return the client of a process, whose connections no other may use; without credentials where there are none to be found."""
    _library()  # or it says what is missing
    from google.auth import default
    from google.auth.credentials import AnonymousCredentials
    from google.auth.exceptions import DefaultCredentialsError
    from google.auth.transport.requests import AuthorizedSession
    from google.cloud import storage
    from requests.adapters import HTTPAdapter

    anonymous, credentials = True, cast("Any", AnonymousCredentials)()
    if emulator is None:
        try:
            credentials, _ = default(scopes=["https://www.googleapis.com/auth/devstorage.read_write"])
            anonymous = False
        except DefaultCredentialsError:
            pass  # public buckets need none; what is not public says so then
    session = cast("Any", AuthorizedSession)(credentials, refresh_timeout=SECONDS)
    for scheme in ("https://", "http://"):
        session.mount(scheme, HTTPAdapter(pool_maxsize=CONNECTIONS))
    options = {"api_endpoint": emulator} if emulator else None
    return _Connected(storage.Client(NO_PROJECT, credentials, _http=session, client_options=options), session, anonymous)


@cache
def _library() -> tuple[Any, Any, Any, Any, Any]:
    """Return what is asked of the library beside its client; imported when the first bucket is, since it takes a second."""
    try:
        import requests
        import urllib3
        from google.api_core import exceptions as api
        from google.auth import exceptions as auth
        from google.cloud.storage import retry
    except ImportError:
        raise GcsError(MISSING_EXTRA) from None
    return api, auth, requests.exceptions, urllib3.exceptions, retry

"""Everything that can be set: an environment variable and a flag each."""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    AliasChoices,
    ByteSize,
    Field,
    SecretStr,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from audio_stream.adapters.media.arguments import check_bitrate
from audio_stream.domain.errors import InvalidStation
from audio_stream.domain.ids import parse_station


def _check_station(text: str) -> str:
    try:
        return parse_station(text)
    except InvalidStation as error:
        raise ValueError(str(error).rstrip(".")) from error


Station = Annotated[str, AfterValidator(_check_station)]


def _original(name: str) -> AliasChoices:
    """Return the names of a setting that the Node.js original had: its variable, and a flag."""
    return AliasChoices(name.lower(), name)


class Settings(BaseSettings):
    """A self-hosted radio and recorder.

    Start it, open /record to go on air and / to listen. Every flag is also an environment
    variable: the names in capitals, or AUDIO_STREAM_ and the flag's name in capitals.
    """

    model_config = SettingsConfigDict(
        env_prefix="AUDIO_STREAM_",
        cli_prog_name="audio-stream",
        cli_kebab_case=True,
        cli_implicit_flags=True,
        cli_hide_none_type=True,
        cli_avoid_json=True,
        extra="ignore",
        frozen=True,
        populate_by_name=True,
    )

    port: int = Field(
        9999,
        ge=0,
        le=65535,
        validation_alias=_original("PORT"),
        description="PORT: the port to serve on; 0 takes a free one.",
    )
    host: str = Field("0.0.0.0", description="The address to serve on.")  # noqa: S104 - a radio is to be heard
    data_dir: Path = Field(Path("data"), description="The folder that everything lives in.")
    title: str = Field("Hello! Listen to my Radio", description="What the listener page says.")
    cover: str | None = Field(
        None, description="The picture in the white ring: a file or an address."
    )
    station: Station = Field("main", description="The default station's name.")
    admin_username: str | None = Field(
        None,
        validation_alias=_original("ADMIN_USERNAME"),
        description="ADMIN_USERNAME: who may record and change tracks; with ADMIN_PASSWORD.",
    )
    admin_password: SecretStr | None = Field(
        None,
        validation_alias=_original("ADMIN_PASSWORD"),
        description="ADMIN_PASSWORD: the password for it. Without both, anyone may broadcast.",
    )
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Addresses or networks of the proxies whose X-Forwarded headers are believed.",
    )
    media_persist_s3_bucket_name: str | None = Field(
        None,
        validation_alias=_original("MEDIA_PERSIST_S3_BUCKET_NAME"),
        description="MEDIA_PERSIST_S3_BUCKET_NAME: the S3 bucket that tracks are kept in; "
        "the data folder if not set.",
    )
    aws_profile: str | None = Field(
        None,
        validation_alias=_original("AWS_PROFILE"),
        description="AWS_PROFILE: the profile of your AWS configuration to use.",
    )
    aws_default_region: str = Field(
        "eu-west-1",
        validation_alias=_original("AWS_DEFAULT_REGION"),
        description="AWS_DEFAULT_REGION: the bucket's region.",
    )
    aws_endpoint_url: str | None = Field(
        None,
        validation_alias=_original("AWS_ENDPOINT_URL"),
        description="AWS_ENDPOINT_URL: another server that speaks S3's protocol.",
    )
    upload_workers: int = Field(
        20, ge=1, le=1000, description="The most upload processes at once; about 25 MiB each."
    )
    mp3_patience_s: float = Field(
        1200.0, gt=0, description="How long to wait for the Lambda's MP3 of a track in S3."
    )
    database_url: str | None = Field(
        None, description="The catalog's database; a SQLite file in the data folder if not set."
    )
    mp3_bitrate: str = Field("320k", description="The bit rate of a track's MP3, such as 192k.")
    live_mp3_bitrate: str = Field(
        "128k", description="The bit rate of `/live/{station}.mp3`, such as 96k."
    )
    live_mp3_linger_s: float = Field(
        30.0,
        ge=0,
        description="How long a station's sound is still made into MP3 after its last listener.",
    )
    media_workers: int = Field(1, ge=1, le=64, description="How many tracks are made at once.")
    media_timeout_s: float = Field(3600.0, gt=0, description="How long one ffmpeg may take.")
    fsync: Literal["always", "interval", "off"] = Field(
        "always",
        description="When received audio is forced to disk: before each acknowledgement (always), "
        "within a second (interval), or when the system likes (off).",
    )
    silence_s: float = Field(
        30.0, gt=0, description="How long a source may be silent before its station goes off air."
    )
    resume_window_s: float = Field(
        86400.0,
        gt=0,
        description="How long an interrupted recording waits for its source to return.",
    )
    body_timeout_s: float = Field(
        30.0, gt=0, description="How long a request's body may be silent."
    )
    listener_timeout_s: float = Field(
        30.0, gt=0, description="How long a listener may take nothing before it is dropped."
    )
    header_timeout_s: float = Field(
        15.0, gt=0, description="How long a new connection may take to ask for something."
    )
    idle_timeout_s: float = Field(
        75.0,
        gt=0,
        description="How long a connection may be idle after an answer, or take nothing of one.",
    )
    max_listeners: int = Field(
        0,
        ge=0,
        description="The most listeners at once; 0 is as many as the system has descriptors for.",
    )
    max_recording_size: ByteSize = Field(
        ByteSize(10 * 2**30), gt=0, description="The most one recording may hold, such as 10GiB."
    )
    max_open_recordings: int = Field(1000, ge=1, description="The most recordings open at once.")
    disk_reserve: ByteSize = Field(
        ByteSize(200 * 2**20),
        ge=0,
        description="No new recording is taken when less than this is free on the disk.",
    )
    spool_quota: ByteSize = Field(
        ByteSize(0),
        ge=0,
        description="The most that one station's recordings may take before they are stored, "
        "such as 20GiB; 0 is no limit.",
    )
    shutdown_timeout_s: float = Field(
        5.0, gt=0, description="How long requests may take to end when the program is told to stop."
    )
    log_format: Literal["text", "json"] = Field(
        "text", description="How log lines look: text or json."
    )

    @field_validator("mp3_bitrate", "live_mp3_bitrate")
    @classmethod
    def _check_bitrate(cls, value: str) -> str:
        return check_bitrate(value)

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _split_at_commas(cls, value: object) -> object:
        given = [value] if isinstance(value, str) else value
        if not isinstance(given, list):
            return given
        return [part.strip() for text in given for part in str(text).split(",") if part.strip()]

    @field_validator("trusted_proxies")
    @classmethod
    def _check_networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for text in value:
            try:
                ip_network(text, strict=False)
            except ValueError:
                raise ValueError(f"{text} is no address or network such as 10.0.0.0/8") from None
        return value

    @field_validator("cover")
    @classmethod
    def _check_cover(cls, value: str | None) -> str | None:
        if not value:
            return None
        if not value.startswith(("http://", "https://")) and not Path(value).is_file():
            raise ValueError(f"there is no file {value}")
        return value

    @field_validator(
        "admin_username",
        "admin_password",
        "media_persist_s3_bucket_name",
        "aws_profile",
        "aws_endpoint_url",
        mode="before",
    )
    @classmethod
    def _empty_is_none(cls, value: str | None) -> str | None:
        return value or None

    @model_validator(mode="after")
    def _check_admin(self) -> Self:
        if (self.admin_username is None) != (self.admin_password is None):
            raise ValueError("ADMIN_USERNAME and ADMIN_PASSWORD go together: set both or neither")
        return self

    @property
    def catalog_file(self) -> Path | None:
        """Where the catalog lies; None when it is in a database that a URL names."""
        return None if self.database_url else self.data_dir.absolute() / "catalog.db"

    @classmethod
    def variable_of(cls, field: str) -> str:
        """Return the environment variable of a field, given its name or one of its aliases."""
        name = field.lower()
        alias = cls.model_fields[name].validation_alias
        if isinstance(alias, AliasChoices):
            return str(alias.choices[-1])
        return f"{cls.model_config.get('env_prefix', '')}{name}".upper()

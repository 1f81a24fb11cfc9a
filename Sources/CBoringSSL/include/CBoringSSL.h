#ifndef GATEHOUSE_BORINGSSL_H
#define GATEHOUSE_BORINGSSL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// What of BoringSSL keys, signatures and digests need. docs/decisions/0027 says why not by swift-crypto.
//
// Lengths are in bytes. What writes answers with how many it wrote, 0 where it could not or `capacity` is too small.

#pragma clang assume_nonnull begin

/// The state of a SHA-256 (FIPS 180-4): a value, which may be copied.
struct gatehouse_sha256 {
  uint64_t words[14];
};

/// Begins with no bytes.
void gatehouse_sha256_begin(struct gatehouse_sha256 *state);
/// Takes in the next bytes.
void gatehouse_sha256_update(struct gatehouse_sha256 *state, const void *_Nullable bytes, size_t count);
/// The digest of what was taken in; the state stays as it is.
void gatehouse_sha256_digest(const struct gatehouse_sha256 *state, uint8_t digest[_Nonnull 32]);

/// What a key is for.
enum gatehouse_key_kind {
  GATEHOUSE_KEY_OTHER = 0,
  GATEHOUSE_KEY_P256 = 1,
  GATEHOUSE_KEY_P384 = 2,
  GATEHOUSE_KEY_P521 = 3,
  GATEHOUSE_KEY_ED25519 = 4,
  GATEHOUSE_KEY_RSA = 5,
};

/// How a signature over a message is made; ECDSA's has the form of DER (RFC 3279 section 2.2.3).
enum gatehouse_scheme {
  GATEHOUSE_ECDSA_SHA256,
  GATEHOUSE_ECDSA_SHA384,
  GATEHOUSE_ECDSA_SHA512,
  GATEHOUSE_ED25519,
  GATEHOUSE_RSA_PKCS1_SHA256,
  GATEHOUSE_RSA_PKCS1_SHA384,
  GATEHOUSE_RSA_PKCS1_SHA512,
  GATEHOUSE_RSA_PSS_SHA256,
  GATEHOUSE_RSA_PSS_SHA384,
  GATEHOUSE_RSA_PSS_SHA512,
};

/// A key, public or private.
typedef struct gatehouse_key gatehouse_key;

/// Makes a private key of a kind, of which RSA is none; NULL where that fails.
gatehouse_key *_Nullable gatehouse_key_generate(enum gatehouse_key_kind kind);
/// Lets go of a key.
void gatehouse_key_free(gatehouse_key *key);
/// What a key is for.
enum gatehouse_key_kind gatehouse_key_kind(const gatehouse_key *key);

/// Reads a SubjectPublicKeyInfo (RFC 5280); NULL for anything else, or with something behind it.
gatehouse_key *_Nullable gatehouse_key_read_public(const uint8_t *_Nullable der, size_t count);
/// Reads a PrivateKeyInfo (RFC 5208); NULL for anything else.
gatehouse_key *_Nullable gatehouse_key_read_private(const uint8_t *_Nullable der, size_t count);
/// Reads an ECPrivateKey (RFC 5915); NULL for anything else.
gatehouse_key *_Nullable gatehouse_key_read_curve_private(const uint8_t *_Nullable der, size_t count);
/// The public key whose 32 bytes (RFC 8032) or whose uncompressed point (SEC 1 section 2.3.3) these are; NULL where they
/// are none of that kind.
gatehouse_key *_Nullable gatehouse_key_from_public_bytes(
    enum gatehouse_key_kind kind, const uint8_t *_Nullable bytes, size_t count);
/// The private key of Ed25519 with a seed of 32 bytes.
gatehouse_key *_Nullable gatehouse_key_from_seed(const uint8_t seed[_Nonnull 32]);
/// The public key of RSA with a modulus and an exponent, the first byte the most significant.
gatehouse_key *_Nullable gatehouse_key_from_modulus(
    const uint8_t *modulus, size_t modulus_count, const uint8_t *exponent, size_t exponent_count);

/// Writes the SubjectPublicKeyInfo of a key.
size_t gatehouse_key_write_public(const gatehouse_key *key, uint8_t *_Nullable der, size_t capacity);
/// Writes the PrivateKeyInfo of a private key.
size_t gatehouse_key_write_private(const gatehouse_key *key, uint8_t *_Nullable der, size_t capacity);
/// Writes the 32 bytes of a key of Ed25519: of the public one, or of the seed.
size_t gatehouse_key_raw(const gatehouse_key *key, bool is_private, uint8_t *_Nullable bytes, size_t capacity);

/// Signs a message.
size_t gatehouse_key_sign(
    const gatehouse_key *key, enum gatehouse_scheme scheme, const uint8_t *_Nullable message, size_t count,
    uint8_t *_Nullable signature, size_t capacity);
/// Whether a signature over a message is by this key.
bool gatehouse_key_verify(
    const gatehouse_key *key, enum gatehouse_scheme scheme, const uint8_t *_Nullable message, size_t count,
    const uint8_t *_Nullable signature, size_t length);
/// Writes as DER what RFC 7518 section 3.4 has as two numbers of the same length, end to end.
size_t gatehouse_ecdsa_from_halves(
    const uint8_t *_Nullable halves, size_t count, uint8_t *_Nullable der, size_t capacity);

// Private keys under a passphrase: an EncryptedPrivateKeyInfo (RFC 5208) by PBES2 and PBKDF2 (RFC 8018).

/// How many rounds of PBKDF2, over HMAC-SHA-1 or HMAC-SHA-256, opening such a key takes, 0 where it is none or is encrypted in
/// another way; asked before it is
/// opened, since whoever wrote it has chosen the number.
uint64_t gatehouse_encrypted_key_rounds(const uint8_t *_Nullable der, size_t count);
/// Opens such a key; NULL for another passphrase, for anything else, or with something behind it.
gatehouse_key *_Nullable gatehouse_key_read_encrypted(
    const uint8_t *_Nullable der, size_t count, const uint8_t *_Nullable passphrase, size_t passphrase_count);
/// Writes a private key so, by AES-256 in CBC.
size_t gatehouse_key_write_encrypted(
    const gatehouse_key *key, const uint8_t *_Nullable passphrase, size_t passphrase_count, uint32_t rounds,
    uint8_t *_Nullable der, size_t capacity);

#pragma clang assume_nonnull end

#endif

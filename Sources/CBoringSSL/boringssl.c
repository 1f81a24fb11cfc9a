#include "CBoringSSL.h"

#include <CNIOBoringSSL_bn.h>
#include <CNIOBoringSSL_bytestring.h>
#include <CNIOBoringSSL_digest.h>
#include <CNIOBoringSSL_ec_key.h>
#include <CNIOBoringSSL_ecdsa.h>
#include <CNIOBoringSSL_err.h>
#include <CNIOBoringSSL_evp.h>
#include <CNIOBoringSSL_mem.h>
#include <CNIOBoringSSL_nid.h>
#include <CNIOBoringSSL_rsa.h>
#include <CNIOBoringSSL_sha2.h>
#include <string.h>

// Each function leaves the thread's queue of errors as it found it, empty: what failed is told by what it answers.

static EVP_PKEY *unwrapped(const gatehouse_key *key) { return (EVP_PKEY *)(uintptr_t)key; }

static gatehouse_key *wrapped(EVP_PKEY *key) {
  ERR_clear_error();
  return (gatehouse_key *)key;
}

// --- digests

_Static_assert(sizeof(struct gatehouse_sha256) == sizeof(SHA256_CTX), "the state has room for BoringSSL's");
_Static_assert(_Alignof(struct gatehouse_sha256) >= _Alignof(SHA256_CTX), "and is aligned as it wants");

void gatehouse_sha256_begin(struct gatehouse_sha256 *state) { SHA256_Init((SHA256_CTX *)state); }

void gatehouse_sha256_update(struct gatehouse_sha256 *state, const void *bytes, size_t count) {
  if (count > 0) SHA256_Update((SHA256_CTX *)state, bytes, count);
}

void gatehouse_sha256_digest(const struct gatehouse_sha256 *state, uint8_t digest[32]) {
  SHA256_CTX copy;
  memcpy(&copy, state, sizeof copy);
  SHA256_Final(digest, &copy);
}

// --- keys

static int curve_of(enum gatehouse_key_kind kind) {
  switch (kind) {
    case GATEHOUSE_KEY_P256: return NID_X9_62_prime256v1;
    case GATEHOUSE_KEY_P384: return NID_secp384r1;
    case GATEHOUSE_KEY_P521: return NID_secp521r1;
    default: return NID_undef;
  }
}

/// A key that holds one of a curve, which it takes.
static gatehouse_key *of_curve(EC_KEY *curve) {
  EVP_PKEY *key = EVP_PKEY_new();
  if (key != NULL && EVP_PKEY_assign_EC_KEY(key, curve)) return wrapped(key);
  EVP_PKEY_free(key);
  EC_KEY_free(curve);
  return wrapped(NULL);
}

gatehouse_key *gatehouse_key_generate(enum gatehouse_key_kind kind) {
  if (kind == GATEHOUSE_KEY_ED25519) return wrapped(EVP_PKEY_generate_from_alg(EVP_pkey_ed25519()));
  EC_KEY *curve = curve_of(kind) == NID_undef ? NULL : EC_KEY_new_by_curve_name(curve_of(kind));
  if (curve != NULL && EC_KEY_generate_key(curve)) return of_curve(curve);
  EC_KEY_free(curve);
  return wrapped(NULL);
}

void gatehouse_key_free(gatehouse_key *key) { EVP_PKEY_free(unwrapped(key)); }

enum gatehouse_key_kind gatehouse_key_kind(const gatehouse_key *key) {
  switch (EVP_PKEY_id(unwrapped(key))) {
    case EVP_PKEY_ED25519: return GATEHOUSE_KEY_ED25519;
    case EVP_PKEY_RSA: return GATEHOUSE_KEY_RSA;
    case EVP_PKEY_EC: break;
    default: return GATEHOUSE_KEY_OTHER;
  }
  switch (EC_GROUP_get_curve_name(EC_KEY_get0_group(EVP_PKEY_get0_EC_KEY(unwrapped(key))))) {
    case NID_X9_62_prime256v1: return GATEHOUSE_KEY_P256;
    case NID_secp384r1: return GATEHOUSE_KEY_P384;
    case NID_secp521r1: return GATEHOUSE_KEY_P521;
    default: return GATEHOUSE_KEY_OTHER;
  }
}

/// A key that was read to the end of `bytes`; with something behind it, none.
static gatehouse_key *whole(EVP_PKEY *key, const CBS *bytes) {
  if (key == NULL || CBS_len(bytes) == 0) return wrapped(key);
  EVP_PKEY_free(key);
  return wrapped(NULL);
}

gatehouse_key *gatehouse_key_read_public(const uint8_t *der, size_t count) {
  CBS bytes;
  CBS_init(&bytes, der, count);
  EVP_PKEY *key = EVP_parse_public_key(&bytes);
  return whole(key, &bytes);
}

gatehouse_key *gatehouse_key_read_private(const uint8_t *der, size_t count) {
  CBS bytes;
  CBS_init(&bytes, der, count);
  EVP_PKEY *key = EVP_parse_private_key(&bytes);
  return whole(key, &bytes);
}

gatehouse_key *gatehouse_key_read_curve_private(const uint8_t *der, size_t count) {
  CBS bytes;
  CBS_init(&bytes, der, count);
  EC_KEY *curve = EC_KEY_parse_private_key(&bytes, NULL);
  if (curve == NULL || CBS_len(&bytes) != 0) {
    EC_KEY_free(curve);
    return wrapped(NULL);
  }
  return of_curve(curve);
}

gatehouse_key *gatehouse_key_from_public_bytes(enum gatehouse_key_kind kind, const uint8_t *bytes, size_t count) {
  if (kind == GATEHOUSE_KEY_ED25519) return wrapped(EVP_PKEY_from_raw_public_key(EVP_pkey_ed25519(), bytes, count));
  EC_KEY *curve = curve_of(kind) == NID_undef ? NULL : EC_KEY_new_by_curve_name(curve_of(kind));
  // Points in their compressed form are none here, nor is the one at infinity.
  if (curve != NULL && count > 0 && bytes[0] == POINT_CONVERSION_UNCOMPRESSED &&
      EC_KEY_oct2key(curve, bytes, count, NULL) && EC_KEY_check_key(curve)) {
    return of_curve(curve);
  }
  EC_KEY_free(curve);
  return wrapped(NULL);
}

gatehouse_key *gatehouse_key_from_seed(const uint8_t seed[32]) {
  return wrapped(EVP_PKEY_from_raw_private_key(EVP_pkey_ed25519(), seed, 32));
}

gatehouse_key *gatehouse_key_from_modulus(
    const uint8_t *modulus, size_t modulus_count, const uint8_t *exponent, size_t exponent_count) {
  BIGNUM *n = BN_bin2bn(modulus, modulus_count, NULL);
  BIGNUM *e = BN_bin2bn(exponent, exponent_count, NULL);
  RSA *rsa = n != NULL && e != NULL ? RSA_new_public_key(n, e) : NULL;
  BN_free(n);
  BN_free(e);
  EVP_PKEY *key = rsa != NULL ? EVP_PKEY_new() : NULL;
  if (key != NULL && EVP_PKEY_assign_RSA(key, rsa)) return wrapped(key);
  EVP_PKEY_free(key);
  RSA_free(rsa);
  return wrapped(NULL);
}

/// How long what `marshal` writes of a key is, written to `der`; 0 where it does not fit.
static size_t written(
    const gatehouse_key *key, int (*marshal)(CBB *, const EVP_PKEY *), uint8_t *der, size_t capacity) {
  CBB output;
  size_t count = 0;
  if (!CBB_init_fixed(&output, der, capacity) || !marshal(&output, unwrapped(key)) ||
      !CBB_finish(&output, NULL, &count)) {
    count = 0;
  }
  CBB_cleanup(&output);
  ERR_clear_error();
  return count;
}

size_t gatehouse_key_write_public(const gatehouse_key *key, uint8_t *der, size_t capacity) {
  return written(key, EVP_marshal_public_key, der, capacity);
}

size_t gatehouse_key_write_private(const gatehouse_key *key, uint8_t *der, size_t capacity) {
  return written(key, EVP_marshal_private_key, der, capacity);
}

size_t gatehouse_key_raw(const gatehouse_key *key, bool is_private, uint8_t *bytes, size_t capacity) {
  size_t count = capacity;
  int done = is_private ? EVP_PKEY_get_raw_private_key(unwrapped(key), bytes, &count)
                        : EVP_PKEY_get_raw_public_key(unwrapped(key), bytes, &count);
  ERR_clear_error();
  return done ? count : 0;
}

// --- signatures

/// The digest of a scheme; NULL for Ed25519, which has its own.
static const EVP_MD *digest_of(enum gatehouse_scheme scheme) {
  switch (scheme) {
    case GATEHOUSE_ECDSA_SHA256:
    case GATEHOUSE_RSA_PKCS1_SHA256:
    case GATEHOUSE_RSA_PSS_SHA256: return EVP_sha256();
    case GATEHOUSE_ECDSA_SHA384:
    case GATEHOUSE_RSA_PKCS1_SHA384:
    case GATEHOUSE_RSA_PSS_SHA384: return EVP_sha384();
    case GATEHOUSE_ECDSA_SHA512:
    case GATEHOUSE_RSA_PKCS1_SHA512:
    case GATEHOUSE_RSA_PSS_SHA512: return EVP_sha512();
    case GATEHOUSE_ED25519: return NULL;
  }
  return NULL;
}

/// Whether a key is of the kind that a scheme is for.
static bool fits(const gatehouse_key *key, enum gatehouse_scheme scheme) {
  switch (scheme) {
    case GATEHOUSE_ECDSA_SHA256:
    case GATEHOUSE_ECDSA_SHA384:
    case GATEHOUSE_ECDSA_SHA512: return EVP_PKEY_id(unwrapped(key)) == EVP_PKEY_EC;
    case GATEHOUSE_ED25519: return EVP_PKEY_id(unwrapped(key)) == EVP_PKEY_ED25519;
    default: return EVP_PKEY_id(unwrapped(key)) == EVP_PKEY_RSA;
  }
}

/// Pads as a scheme of RSA does; the salt of PSS is as long as its digest (RFC 7518 section 3.5).
static bool set_padding(EVP_PKEY_CTX *context, enum gatehouse_scheme scheme) {
  switch (scheme) {
    case GATEHOUSE_RSA_PSS_SHA256:
    case GATEHOUSE_RSA_PSS_SHA384:
    case GATEHOUSE_RSA_PSS_SHA512:
      return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) &&
             EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST);
    default: return true;
  }
}

size_t gatehouse_key_sign(
    const gatehouse_key *key, enum gatehouse_scheme scheme, const uint8_t *message, size_t count, uint8_t *signature,
    size_t capacity) {
  size_t length = 0;
  EVP_MD_CTX *context = EVP_MD_CTX_new();
  EVP_PKEY_CTX *padding = NULL;
  if (context != NULL && fits(key, scheme) &&
      EVP_DigestSignInit(context, &padding, digest_of(scheme), NULL, unwrapped(key)) &&
      set_padding(padding, scheme) && EVP_DigestSign(context, NULL, &length, message, count) && length <= capacity) {
    length = capacity;
    if (!EVP_DigestSign(context, signature, &length, message, count)) length = 0;
  } else {
    length = 0;
  }
  EVP_MD_CTX_free(context);
  ERR_clear_error();
  return length;
}

bool gatehouse_key_verify(
    const gatehouse_key *key, enum gatehouse_scheme scheme, const uint8_t *message, size_t count,
    const uint8_t *signature, size_t length) {
  EVP_MD_CTX *context = EVP_MD_CTX_new();
  EVP_PKEY_CTX *padding = NULL;
  bool is_valid = context != NULL && fits(key, scheme) &&
                  EVP_DigestVerifyInit(context, &padding, digest_of(scheme), NULL, unwrapped(key)) &&
                  set_padding(padding, scheme) && EVP_DigestVerify(context, signature, length, message, count) == 1;
  EVP_MD_CTX_free(context);
  ERR_clear_error();
  return is_valid;
}

size_t gatehouse_ecdsa_from_halves(const uint8_t *halves, size_t count, uint8_t *der, size_t capacity) {
  size_t length = 0;
  ECDSA_SIG *signature = ECDSA_SIG_new();
  BIGNUM *r = BN_bin2bn(halves, count / 2, NULL);
  BIGNUM *s = BN_bin2bn(halves + count / 2, count - count / 2, NULL);
  if (signature != NULL && r != NULL && s != NULL && count % 2 == 0 && ECDSA_SIG_set0(signature, r, s)) {
    // The signature has them now.
    r = s = NULL;
    CBB output;
    if (!CBB_init_fixed(&output, der, capacity) || !ECDSA_SIG_marshal(&output, signature) ||
        !CBB_finish(&output, NULL, &length)) {
      length = 0;
    }
    CBB_cleanup(&output);
  }
  BN_free(r);
  BN_free(s);
  ECDSA_SIG_free(signature);
  ERR_clear_error();
  return length;
}

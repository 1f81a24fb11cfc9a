#include "CBoringSSL.h"

#include <CNIOBoringSSL_bytestring.h>
#include <CNIOBoringSSL_cipher.h>
#include <CNIOBoringSSL_err.h>
#include <CNIOBoringSSL_evp.h>
#include <CNIOBoringSSL_pkcs8.h>
#include <string.h>

// Apart from the rest: the program that serves knows no private key, and has none of this.

// Identifiers (RFC 8018 appendices B and C), without tag and length.
static const uint8_t pbes2[] = {0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x05, 0x0D};
static const uint8_t pbkdf2[] = {0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x05, 0x0C};

static const uint8_t hmac_sha1[] = {0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x02, 0x07};
static const uint8_t hmac_sha256[] = {0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x02, 0x09};

static bool is(const CBS *oid, const uint8_t *bytes, size_t count) {
  return CBS_len(oid) == count && memcmp(CBS_data(oid), bytes, count) == 0;
}

/// Whether what follows the rounds names a function that BoringSSL has; HMAC-SHA-1 where it names none.
static bool has_known_function(CBS *parameters) {
  CBS function, oid;
  if (CBS_peek_asn1_tag(parameters, CBS_ASN1_INTEGER) && !CBS_get_asn1(parameters, NULL, CBS_ASN1_INTEGER)) return false;
  if (CBS_len(parameters) == 0) return true;
  return CBS_get_asn1(parameters, &function, CBS_ASN1_SEQUENCE) && CBS_get_asn1(&function, &oid, CBS_ASN1_OBJECT) &&
         (is(&oid, hmac_sha1, sizeof hmac_sha1) || is(&oid, hmac_sha256, sizeof hmac_sha256));
}

uint64_t gatehouse_encrypted_key_rounds(const uint8_t *der, size_t count) {
  CBS bytes, info, algorithm, oid, parameters, derivation, inner, salt;
  uint64_t rounds = 0;
  CBS_init(&bytes, der, count);
  if (!CBS_get_asn1(&bytes, &info, CBS_ASN1_SEQUENCE) || CBS_len(&bytes) != 0 ||
      !CBS_get_asn1(&info, &algorithm, CBS_ASN1_SEQUENCE) || !CBS_get_asn1(&algorithm, &oid, CBS_ASN1_OBJECT) ||
      !is(&oid, pbes2, sizeof pbes2) || !CBS_get_asn1(&algorithm, &parameters, CBS_ASN1_SEQUENCE) ||
      !CBS_get_asn1(&parameters, &derivation, CBS_ASN1_SEQUENCE) ||
      !CBS_get_asn1(&derivation, &oid, CBS_ASN1_OBJECT) || !is(&oid, pbkdf2, sizeof pbkdf2) ||
      !CBS_get_asn1(&derivation, &inner, CBS_ASN1_SEQUENCE) ||
      !CBS_get_asn1(&inner, &salt, CBS_ASN1_OCTETSTRING) || !CBS_get_asn1_uint64(&inner, &rounds) ||
      !has_known_function(&inner)) {
    rounds = 0;
  }
  ERR_clear_error();
  return rounds;
}

gatehouse_key *gatehouse_key_read_encrypted(
    const uint8_t *der, size_t count, const uint8_t *passphrase, size_t passphrase_count) {
  CBS bytes;
  CBS_init(&bytes, der, count);
  EVP_PKEY *key = PKCS8_parse_encrypted_private_key(&bytes, (const char *)passphrase, passphrase_count);
  if (key != NULL && CBS_len(&bytes) != 0) {
    EVP_PKEY_free(key);
    key = NULL;
  }
  ERR_clear_error();
  return (gatehouse_key *)key;
}

size_t gatehouse_key_write_encrypted(
    const gatehouse_key *key, const uint8_t *passphrase, size_t passphrase_count, uint32_t rounds, uint8_t *der,
    size_t capacity) {
  enum { salt_size = 16 };
  CBB output;
  size_t count = 0;
  // -1 for PBES2, whose PBKDF2 is over HMAC-SHA-256 here; NULL for a salt of random bytes.
  if (!CBB_init_fixed(&output, der, capacity) ||
      !PKCS8_marshal_encrypted_private_key(
          &output, -1, EVP_aes_256_cbc(), (const char *)passphrase, passphrase_count, NULL, salt_size, (int)rounds,
          (const EVP_PKEY *)(const void *)key) ||
      !CBB_finish(&output, NULL, &count)) {
    count = 0;
  }
  CBB_cleanup(&output);
  ERR_clear_error();
  return count;
}

import CBoringSSL

extension SignatureKey {
  /// How many rounds of PBKDF2 opening an EncryptedPrivateKeyInfo (RFC 5208) takes; 0 where it is none, or is encrypted by
  /// anything but PBES2.
  static func rounds(ofEncrypted der: [UInt8]) -> UInt64 {
    unsafe gatehouse_encrypted_key_rounds(der, der.count)
  }

  /// Opens an EncryptedPrivateKeyInfo; nil for another passphrase, and for anything else.
  convenience init?(encryptedDER der: [UInt8], passphrase: [UInt8]) {
    unsafe self.init(gatehouse_key_read_encrypted(der, der.count, passphrase, passphrase.count))
  }

  /// A private key as an EncryptedPrivateKeyInfo; nil where that fails.
  func encryptedDER(passphrase: [UInt8], rounds: UInt32) -> [UInt8]? {
    unsafe Self.written(capacity: 4096) {
      unsafe gatehouse_key_write_encrypted(key, passphrase, passphrase.count, rounds, $0, $1)
    }
  }
}

public import Domain
import Glibc

/// Files that hold a secret: for their owner alone, and refused where they are not.
public enum SecretFile {
  /// Reads a secret of at most 64 KiB of text; nil where there is no such file.
  ///
  /// Throws `secret.exposed` where others than the owner may read or write the file, and `secret.malformed`
  /// where it is too large, empty or not text.
  public static func read(_ path: String) throws(Problem) -> String? {
    guard let file = try OpenFile.reading(path) else { return nil }
    // Of the open file, not of the name, which could stand for another file by now.
    let mode = try file.status().st_mode & 0o777
    guard mode & 0o077 == 0 else {
      throw Problem(
        .integrity, "secret.exposed",
        "expected a file that its owner alone can read (mode 600), found mode \(String(mode, radix: 8))",
        subject: path, hint: "chmod 600 \(path), and replace the secret if others may have read it")
    }
    guard let bytes = try file.bytes(limit: 1 << 16), !bytes.isEmpty,
      let text = String(validating: bytes, as: UTF8.self)
    else {
      throw Problem(
        .integrity, "secret.malformed", "expected 1 to 65536 bytes of text, found something else",
        subject: path)
    }
    return text
  }

  /// Writes a new secret, durable and whole when this returns; throws `file.exists` where there is one.
  public static func create(_ text: String, at path: String) throws(Problem) {
    try DurableFile.create(Array(text.utf8), at: path, mode: 0o600)
  }
}

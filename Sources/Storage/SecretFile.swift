public import Domain
import Glibc

/// Files that hold a secret: for their owner alone, and refused where they are not.
public enum SecretFile {
  /// Reads a secret of at most 64 KiB of text; nil where there is no such file.
  ///
  /// Throws `secret.exposed` where others than the owner may read or write the file, and `secret.malformed`
  /// where it is too large, empty or not text.
  public static func read(_ path: String) throws(Problem) -> String? {
    try read(path, forbidden: 0o077, "its owner alone can read (mode 600)", whole: 0o600)
  }

  /// Reads a credential that systemd gives a service; nil where there is no such file.
  ///
  /// It belongs to root and is opened to the service's user by an access list, whose mask stands where the rights of the group
  /// do: of a file that one user may read, the mode says 440. Throws as `read` does, where others may read the file, or the group
  /// may write it.
  public static func readCredential(_ path: String) throws(Problem) -> String? {
    try read(path, forbidden: 0o037, "nobody but its owner and its group can read (mode 440)", whole: 0o440)
  }

  private static func read(
    _ path: String, forbidden: UInt32, _ expected: String, whole: UInt32
  ) throws(Problem) -> String? {
    guard let file = try OpenFile.reading(path) else { return nil }
    // Of the open file, not of the name, which could stand for another file by now.
    let mode = try file.status().st_mode & 0o777
    guard mode & forbidden == 0 else {
      throw Problem(
        .integrity, "secret.exposed",
        "expected a file that \(expected), found mode \(String(mode, radix: 8))",
        subject: path,
        hint: "chmod \(String(whole, radix: 8)) \(path), and replace the secret if others may have read it")
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

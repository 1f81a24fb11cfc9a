public import Domain
import Encoding
import Glibc
public import Provenance

/// The files that a data plane is told by whom to trust: the control plane's snapshot, and lists of keys.
public enum StateFile {
  private static let sizeLimit = 64 << 20

  /// Reads a snapshot and checks its digest.
  static func read(path: String) throws(Problem) -> PlaneState {
    try PlaneState(parsing: try BoundedFile.read(path: path, limit: sizeLimit, isTrusted: true)) {
      Digest(of: $0)
    }
  }

  /// Reads callers' keys: one JSON object a line, `{"id", "hash", "deployment"}`, and perhaps `"limits":
  /// {"rate", "burst", "daily"}` and `"expires"`, a moment in UTC.
  ///
  /// Empty lines are skipped.
  public static func readKeys(path: String) throws(Problem) -> [PlaneState.Key] {
    let bytes = try BoundedFile.read(path: path, limit: sizeLimit, isTrusted: true)
    var keys: [PlaneState.Key] = []
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    for (index, line) in lines.enumerated() where !line.isEmpty {
      do {
        keys.append(try PlaneState.Key(json: try JSON(parsing: line, limits: JSONLimits(depth: 2)), at: ""))
      } catch {
        // The line itself is not shown: it may be a key that somebody took for its hash.
        throw Problem(
          .badInput, "key-file.malformed",
          "expected a JSON object with 'id', 'hash' and 'deployment' in each line, found another",
          subject: path, position: "line \(index + 1)", cause: (error as? Problem)?.code)
      }
    }
    return keys
  }

  /// Reads issuers of tokens: one JSON object a line, as `TokenIssuer` writes it.
  public static func readIssuers(path: String) throws(Problem) -> [TokenIssuer] {
    let bytes = try BoundedFile.read(path: path, limit: sizeLimit, isTrusted: true)
    var issuers: [TokenIssuer] = []
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    for (index, line) in lines.enumerated() where !line.isEmpty {
      let json: JSON
      do { json = try JSON(parsing: line, limits: JSONLimits(depth: 8)) } catch {
        throw Problem(
          .badInput, "issuer.malformed", "expected a JSON object in each line, found other text",
          subject: path,
          position: "line \(index + 1)", cause: error.description)
      }
      do throws(Problem) { issuers.append(try TokenIssuer(json: json)) } catch {
        var problem = error
        (problem.subject, problem.position) = (path, "line \(index + 1)")
        throw problem
      }
    }
    if let url = TokenIssuer.repeatedURL(of: issuers) {
      throw Problem(
        .badInput, "issuer.malformed", "expected each issuer once, found '\(url)' again", subject: path)
    }
    return issuers
  }

  /// Reads public keys in PEM, one a file.
  public static func readTrustedKeys(paths: [String]) throws(Problem) -> [SealVerificationKey] {
    var keys: [SealVerificationKey] = []
    for path in paths {
      let bytes = try BoundedFile.read(path: path, limit: 64 << 10, isTrusted: true)
      keys.append(try SealVerificationKey(pem: String(decoding: bytes, as: UTF8.self)))
    }
    return keys
  }
}

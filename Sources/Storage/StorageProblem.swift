import Domain
import GRDB
import Glibc

extension Problem {
  /// What a system call on a file failed with.
  static func storage(_ doing: String, _ path: String, errno code: Int32) -> Problem {
    let reason = unsafe String(cString: strerror(code))
    if code == ENOSPC || code == EDQUOT {
      return Problem(
        .unavailable, "storage.full", "expected room to \(doing), found none left", subject: path,
        hint: "free space on the volume of the data directory", cause: reason)
    }
    return Problem(
      .unavailable, "storage.failed", "expected to \(doing), found that the system refuses", subject: path,
      hint: code == EACCES || code == EPERM ? "run as the owner of the data directory" : nil, cause: reason)
  }

  /// What the database failed with.
  ///
  /// Arguments of statements never go into a message.
  static func storage(_ doing: String, _ error: any Error) -> Problem {
    if let problem = error as? Problem { return problem }
    guard let error = error as? DatabaseError else {
      return Problem(
        .internal, "storage.failed", "expected to \(doing), found a failure", subject: "the registry",
        cause: String(describing: error))
    }
    let cause = "SQLite \(error.extendedResultCode.rawValue): \(error.message ?? "no message")"
    func problem(_ category: Category, _ code: String, _ message: String, hint: String? = nil) -> Problem {
      Problem(category, code, message, subject: "the registry", hint: hint, cause: cause)
    }
    switch error.resultCode {
    case .SQLITE_FULL:
      return problem(
        .unavailable, "storage.full", "expected room to \(doing), found none left",
        hint: "free space on the volume of the data directory")
    case .SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_FORMAT, .SQLITE_SCHEMA, .SQLITE_ERROR, .SQLITE_MISMATCH:
      // A plain SQLITE_ERROR is a missing table or column: our statements are constants and correct.
      return problem(
        .integrity, "storage.corrupt", "expected to \(doing), found a database that does not read",
        hint: "restore registry.sqlite from a backup")
    case .SQLITE_CONSTRAINT:
      return problem(
        .conflict, "registry.conflict", "expected to \(doing), found that it contradicts what is there")
    case .SQLITE_BUSY, .SQLITE_LOCKED:
      return problem(.unavailable, "storage.busy", "expected to \(doing), found the database locked")
    default:
      return problem(.unavailable, "storage.failed", "expected to \(doing), found that the database cannot")
    }
  }
}

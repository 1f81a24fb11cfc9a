import Domain
import Encoding
import Glibc
import Provenance

/// How many requests each caller with a quota has made on a day.
struct QuotaCounts: Equatable, Sendable {
  /// The days since 1970-01-01.
  var day = 0
  var counts: [String: Int] = [:]

  func count(of caller: String) -> DayCount { DayCount(day: day, count: counts[caller] ?? 0) }
}

/// The file in which the processes of a plane add up what callers have used of their quotas.
///
/// One JSON object whose `digest` is over the rest, replaced whole, under a lock of its own (`flock`). Each process adds
/// what it counted since it last did, so that while one gives way to the next both count to the same sum.
///
/// What is true when we end at once:
/// - The process is killed: the file has what it counted up to its last exchange.
/// - Between the new file and its name: the former stands, whole; the next process starts from it.
/// - The machine stops: the former or the new, for the bytes reach the disk before the name does.
struct QuotaFile: Sendable {
  private static let sizeLimit = 64 << 20

  let path: String

  /// What the file has; nothing where there is none.
  ///
  /// Throws `quota.malformed` where it is no such file.
  func read() throws(Problem) -> QuotaCounts {
    let bytes: [UInt8]
    do throws(Problem) {
      bytes = try BoundedFile.read(path: path, limit: Self.sizeLimit, isTrusted: true)
    } catch {
      if error.category == .notFound { return QuotaCounts() }
      throw error
    }
    guard let counts = QuotaCounts(parsing: bytes) else {
      throw Problem(
        .integrity, "quota.malformed", "expected the counts of a day with their digest, found other bytes",
        subject: path, hint: "the day's quotas begin anew")
    }
    return counts
  }

  /// Lets `body` make new counts of what the file has, while no other process does.
  ///
  /// A file that is none counts as empty. Throws where it can be neither locked nor written; then it is as it was.
  func exchange(_ body: (QuotaCounts) -> QuotaCounts) throws(Problem) {
    let lock = try locked()
    defer { withExtendedLifetime(lock) {} }
    let former = try? read()
    let next = body(former ?? QuotaCounts())
    if next != former { try write(next.encoded) }
  }

  private func locked() throws(Problem) -> Lock {
    let raw = OpenPlaces.open("\(path).lock", O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, mode: 0o600)
    guard raw >= 0 else { throw failed("opening the lock of the quotas") }
    let lock = Lock(descriptor: Descriptor(owning: raw))
    // Held for milliseconds; a process that was stopped while it held it must not stop the others.
    for _ in 0..<50 {
      if flock(raw, LOCK_EX | LOCK_NB) == 0 { return lock }
      usleep(2000)
    }
    throw failed("locking the quotas")
  }

  private func write(_ bytes: [UInt8]) throws(Problem) {
    let unfinished = "\(path).part"
    let flags = O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC
    let raw = OpenPlaces.open(unfinished, flags, mode: 0o600)
    guard raw >= 0 else { throw failed("making the file of the quotas") }
    let descriptor = Descriptor(owning: raw)
    var written = 0
    while written < bytes.count {
      let count = retryingInterrupts {
        unsafe bytes.withUnsafeBytes { buffer in
          unsafe Glibc.write(raw, buffer.baseAddress.map { unsafe $0 + written }, buffer.count - written)
        }
      }
      guard count > 0 else { throw failed("writing the quotas") }
      written += count
    }
    guard fsync(descriptor.rawValue) == 0, OpenPlaces.rename(unfinished, to: path) == 0 else {
      throw failed("writing the quotas")
    }
  }

  private func failed(_ attempt: String) -> Problem {
    .system(.unavailable, "quota.failed", attempt, subject: path)
  }

  /// A lock that is held until it is let go of.
  private struct Lock: ~Copyable {
    let descriptor: Descriptor
  }
}

extension QuotaCounts {
  /// The whole file.
  var encoded: [UInt8] {
    var members = members
    members["digest"] = .string(Digest(of: JSON.object(members).canonicalBytes).description)
    return JSON.object(members).canonicalBytes
  }

  /// Reads what `encoded` writes; nil for anything else.
  init?(parsing bytes: [UInt8]) {
    guard let json = try? JSON(parsing: bytes, limits: JSONLimits(depth: 2)), let day = json["day"]?.int,
      let members = json["counts"]?.object, let digest = json["digest"]?.string
    else { return nil }
    self.day = day
    for (caller, count) in members {
      guard let count = count.int, count >= 0 else { return nil }
      counts[caller] = count
    }
    guard Digest(of: JSON.object(self.members).canonicalBytes).description == digest else { return nil }
  }

  private var members: [String: JSON] {
    ["day": JSON(day), "counts": .object(counts.mapValues { JSON($0) })]
  }
}

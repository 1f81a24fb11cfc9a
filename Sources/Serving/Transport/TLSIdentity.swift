import Domain
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import NIOSSL

/// What new connections are secured by: it follows the files that it was read from.
///
/// Connections that there are go on with what they began with. Files that cannot be used change nothing but what is
/// said about them.
final class TLSIdentity: Sendable {
  /// What became of a look at the files.
  enum Outcome: Equatable {
    case unchanged
    /// New connections take the new certificate.
    case renewed
    /// New connections take what there was.
    case failed(Problem)
  }

  /// What new connections take.
  private struct Current {
    var material: TLSMaterial
    /// Why it is not what the newest files say; nil where it is.
    var failure: Problem?
  }

  /// What is known of the files.
  private struct Looks {
    /// Their state when they were last read, whatever came of it.
    var read: [FileStamp?]
    /// Their state at the last look.
    var seen: [FileStamp?]
  }

  /// How often the files are looked at.
  private static let interval = TimeAmount.seconds(2)

  private let files: TLSFiles
  private let report: @Sendable (Outcome) -> Void
  private let current: NIOLockedValueBox<Current>
  /// Held for the whole of a look, so that one follows the other; no event loop waits for it.
  private let looks: NIOLockedValueBox<Looks>

  /// Reads the files; throws what is wrong with them.
  ///
  /// `report` is told what became of later looks that changed something.
  init(_ files: TLSFiles, report: @escaping @Sendable (Outcome) -> Void = { _ in }) throws(Problem) {
    self.files = files
    self.report = report
    // Before they are read: what changes meanwhile shows at the next look.
    let stamps = files.stamps
    looks = NIOLockedValueBox(Looks(read: stamps, seen: stamps))
    current = NIOLockedValueBox(Current(material: try TLSMaterial(reading: files)))
  }

  /// What a new connection is secured by.
  var context: NIOSSLContext { current.withLockedValue { $0.material.context } }

  /// When the certificate in use ends, in seconds since 1970.
  var end: Int { current.withLockedValue { $0.material.end } }

  /// Whether the newest files cannot be used, so that older ones still are.
  var isStale: Bool { current.withLockedValue { $0.failure != nil } }

  /// What is said of it to the control plane.
  var certificate: PlaneCertificate {
    current.withLockedValue {
      PlaneCertificate(
        begin: Timestamp(milliseconds: Int64($0.material.begin) * 1000),
        end: Timestamp(milliseconds: Int64($0.material.end) * 1000), failure: $0.failure?.code)
    }
  }

  /// Looks at the files, and reads them where they have changed; blocks.
  ///
  /// Who writes certificate and key does not write both at once: with `settling`, only what a second look finds as the
  /// first did is read.
  @discardableResult
  func look(settling: Bool) -> Outcome {
    let outcome = looks.withLockedValue { looks -> Outcome in
      let stamps = files.stamps
      let isSettled = !settling || stamps == looks.seen
      looks.seen = stamps
      guard isSettled, stamps != looks.read else { return .unchanged }
      looks.read = stamps
      do throws(Problem) {
        let material = try TLSMaterial(reading: files)
        current.withLockedValue { $0 = Current(material: material) }
        return .renewed
      } catch {
        current.withLockedValue { $0.failure = error }
        return .failed(error)
      }
    }
    if outcome != .unchanged { report(outcome) }
    return outcome
  }

  /// Looks at the files from now on, on a thread that may block, for as long as the event loop runs.
  func watch(on loop: any EventLoop, reading pool: NIOThreadPool) {
    loop.scheduleRepeatedTask(initialDelay: Self.interval, delay: Self.interval) { _ in
      pool.submit { state in
        if state == .active { self.look(settling: true) }
      }
    }
  }
}

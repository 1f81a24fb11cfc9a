import Dispatch
public import Domain
public import Lifecycle
public import Provenance
import Synchronization

/// A key that another program signs by: nothing secret of it is ever in this process.
///
/// Each request is a process of its own, told one line and asked for one line (`SignerMessage`). No shell, an environment of
/// what the settings name, a bounded answer in a bounded time; the whole session of the program is killed at the end,
/// whatever it left running. What it answers is verified before it is used.
public struct CommandSigner: SealSigner {
  /// How the program is started.
  public let settings: SignerSettings
  /// The public key that the program said it signs by.
  public let verificationKey: SealVerificationKey
  /// Whether it is asked at all.
  private let rest: SignerRest

  /// Asks the program which key it signs by.
  ///
  /// Throws `signer.not-started`, `signer.timeout`, `signer.too-long`, `signer.failed`, `signer.refused` or
  /// `signer.malformed`.
  public init(_ settings: SignerSettings) async throws(Problem) {
    try await self.init(settings, SignerRest())
  }

  init(_ settings: SignerSettings, _ rest: SignerRest) async throws(Problem) {
    self.settings = settings
    self.rest = rest
    let answer = try await Self.ask(.publicKey(of: settings.key), settings, rest)
    do throws(Problem) { verificationKey = try SignerMessage.publicKey(in: answer) } catch {
      throw error.about(settings)
    }
  }

  /// Has the program sign a message.
  ///
  /// Throws as `init` does, and `signer.bad-signature`.
  public func sign(_ message: [UInt8]) async throws(Problem) -> [UInt8] {
    let answer = try await Self.ask(.sign(message, by: settings.key, verificationKey.curve), settings, rest)
    do throws(Problem) {
      return try SignerMessage.signature(in: answer, over: message, by: verificationKey)
    } catch {
      throw error.about(settings)
    }
  }

  private static func ask(
    _ request: SignerMessage.Request, _ settings: SignerSettings, _ rest: SignerRest
  ) async throws(Problem) -> [UInt8] {
    do throws(Problem) { try rest.require() } catch { throw error.about(settings) }
    let line = SignerMessage.line(request)
    // On a thread that may block: it waits for another program.
    let outcome: Result<[UInt8], Problem> = await withCheckedContinuation { continuation in
      DispatchQueue.global().async {
        do throws(Problem) {
          continuation.resume(returning: .success(try SignerProcess.run(settings, telling: line)))
        } catch {
          continuation.resume(returning: .failure(error.about(settings)))
        }
      }
    }
    if case .failure(let problem) = outcome, problem.code == SignerProcess.timeoutCode { rest.begin() }
    return try outcome.get()
  }
}

/// A while in which a program is not asked that gave no answer in its time.
///
/// Acts wait for one another: without it each of those that wait would wait that long once more.
final class SignerRest: Sendable {
  /// How long it lasts.
  static let length = Duration.seconds(30)

  private let end = Mutex<ContinuousClock.Instant?>(nil)
  private let now: @Sendable () -> ContinuousClock.Instant

  init(now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }) { self.now = now }

  /// Begins: the program has just given no answer.
  func begin() { end.withLock { $0 = now() + Self.length } }

  /// Ends: the program is to be asked whatever it did.
  func cancel() { end.withLock { $0 = nil } }

  /// Throws `signer.timeout` while it lasts.
  func require() throws(Problem) {
    guard let left = end.withLock({ $0 }).map({ now().duration(to: $0) }), left > .zero else { return }
    throw Problem(
      .unavailable, SignerProcess.timeoutCode,
      "expected a signer that answers in time, found that it did not when it was asked last",
      hint: "see to the service behind it; it is asked again in \(left.components.seconds + 1) s")
  }
}

/// The programs that sign, by what they are called.
public actor CommandSigners: SealKeyStore {
  private let settings: [SignerSettings]
  private var known: [String: CommandSigner] = [:]
  /// One for each program, whichever key it was asked for.
  private let rests: [String: SignerRest]

  /// Takes the settings; nothing is started before a key is asked for.
  public init(_ settings: [SignerSettings]) { self.init(settings) { .now } }

  init(_ settings: [SignerSettings], now: @escaping @Sendable () -> ContinuousClock.Instant) {
    self.settings = settings
    rests = Dictionary(settings.map { ($0.name, SignerRest(now: now)) }) { first, _ in first }
  }

  /// The program that signs by this key, each asked once; nil where none does.
  ///
  /// One that does not answer is passed over, for another may have the key; where none has it, throws why the first of them did
  /// not, since that one may be it.
  public func signer(for hint: String) async throws(Problem) -> (any SealSigner)? {
    if let signer = known.values.first(where: { $0.verificationKey.hint == hint }) { return signer }
    var unanswered: Problem?
    for settings in settings {
      do throws(Problem) {
        let signer = try await signer(settings)
        if signer.verificationKey.hint == hint { return signer }
      } catch {
        unanswered = unanswered ?? error
      }
    }
    if let unanswered { throw unanswered }
    return nil
  }

  /// The program of that name; throws `signer.unknown`, or why it does not answer.
  public func provide(_ source: SealKeySource) async throws(Problem) -> any SealSigner {
    guard case .signer(let name) = source, let settings = settings.first(where: { $0.name == name }) else {
      throw Problem(
        .badInput, "signer.unknown",
        "expected a signer among \(settings.map(\.name).joined(separator: ", ")), found another",
        hint: "name it in keys/signers.json and start the platform anew")
    }
    // Asked anew: the service may have a new key under the same name.
    known[name] = nil
    // And whatever it did last: somebody asks for it by its name, who may have seen to it.
    rests[name]?.cancel()
    return try await signer(settings)
  }

  private func signer(_ settings: SignerSettings) async throws(Problem) -> CommandSigner {
    if let signer = known[settings.name] { return signer }
    let signer = try await CommandSigner(settings, rests[settings.name] ?? SignerRest())
    known[settings.name] = signer
    return signer
  }
}

extension Problem {
  fileprivate func about(_ settings: SignerSettings) -> Problem {
    var problem = self
    problem.subject = subject ?? "signer '\(settings.name)', \(settings.program)"
    return problem
  }
}

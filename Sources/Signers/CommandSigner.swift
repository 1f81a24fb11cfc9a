import Dispatch
public import Domain
public import Lifecycle
public import Provenance

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

  /// Asks the program which key it signs by.
  ///
  /// Throws `signer.not-started`, `signer.timeout`, `signer.too-long`, `signer.failed`, `signer.refused` or
  /// `signer.malformed`.
  public init(_ settings: SignerSettings) async throws(Problem) {
    self.settings = settings
    let answer = try await Self.ask(.publicKey(of: settings.key), settings)
    do throws(Problem) { verificationKey = try SignerMessage.publicKey(in: answer) } catch {
      throw error.about(settings)
    }
  }

  /// Has the program sign a message.
  ///
  /// Throws as `init` does, and `signer.bad-signature`.
  public func sign(_ message: [UInt8]) async throws(Problem) -> [UInt8] {
    let answer = try await Self.ask(.sign(message, by: settings.key, verificationKey.curve), settings)
    do throws(Problem) {
      return try SignerMessage.signature(in: answer, over: message, by: verificationKey)
    } catch {
      throw error.about(settings)
    }
  }

  private static func ask(
    _ request: SignerMessage.Request, _ settings: SignerSettings
  ) async throws(Problem) -> [UInt8] {
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
    return try outcome.get()
  }
}

/// The programs that sign, by what they are called.
public actor CommandSigners: SealKeyStore {
  private let settings: [SignerSettings]
  private var known: [String: CommandSigner] = [:]

  /// Takes the settings; nothing is started before a key is asked for.
  public init(_ settings: [SignerSettings]) { self.settings = settings }

  /// The program that signs by this key, each asked once; nil where none does.
  ///
  /// One that does not answer is passed over: another may have the key, and who needs this one is told that it is missing.
  public func signer(for hint: String) async throws(Problem) -> (any SealSigner)? {
    if let signer = known.values.first(where: { $0.verificationKey.hint == hint }) { return signer }
    for settings in settings {
      guard let signer = try? await signer(settings), signer.verificationKey.hint == hint else { continue }
      return signer
    }
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
    return try await signer(settings)
  }

  private func signer(_ settings: SignerSettings) async throws(Problem) -> CommandSigner {
    if let signer = known[settings.name] { return signer }
    let signer = try await CommandSigner(settings)
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

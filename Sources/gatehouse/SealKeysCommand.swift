import ArgumentParser
import Domain
import Encoding
import Provenance
import Storage

/// `gatehouse seal-keys`.
struct SealKeysCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "seal-keys",
    abstract: "The keys that seal bundles: list, rotate, trust, retire, revoke, encrypt.",
    subcommands: [
      List.self, Rotate.self, Trust.self, Retire.self, Revoke.self, Reseal.self, EncryptKeysCommand.self,
    ])

  /// `gatehouse seal-keys list`.
  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "List all keys of seals, oldest first, and what their seals count for.")

    @Flag(help: "Print JSON, with the public keys.")
    var json = false

    @OptionGroup var server: ServerOptions

    func run() async throws {
      let answer = try await server.withClient { try await $0.get("/seal-keys") }
      if json { return Console.data(answer) }
      let rows = (answer["sealKeys"]?.array ?? []).map { key in
        [String((key["hint"]?.string ?? "").prefix(12)), key["own"] == true ? "own" : "foreign"]
          + ["curve", "state", "changedAt", "reason"].map { key[$0].cell }
      }
      Console.table([["KEY", "WHOSE", "CURVE", "STATE", "SINCE", "REASON"]] + rows)
    }
  }

  /// `gatehouse seal-keys rotate`.
  struct Rotate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Seal by a new key from now on; seals by the former one hold until it is retired or revoked.")

    @Option(help: "The new key's curve: P-256 (default), P-384 or P-521.")
    var curve: String?

    @Option(help: "A signer that keys/signers.json names, whose key seals from now on.")
    var signer: String?

    @Flag(help: "Print JSON, with the public key.")
    var json = false

    @OptionGroup var server: ServerOptions

    func run() async throws {
      var body: [String: JSON] = [:]
      body["curve"] = curve.map { .string($0) }
      body["signer"] = signer.map { .string($0) }
      let answer = try await server.withClient { try await $0.post("/seal-keys/rotate", .object(body)) }
      if json { return Console.data(answer) }
      Console.data(answer["hint"].cell)
      Console.prose("seals are by this key now, on \(answer["curve"].cell); the former stays trusted")
    }
  }

  /// `gatehouse seal-keys trust`.
  struct Trust: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Trust the seals of somebody else's key, or again those of one that was retired.")

    @Argument(help: "The public key, a PEM file.")
    var file: String

    @OptionGroup var server: ServerOptions

    func run() async throws {
      let key = try KeyFiles.sealVerificationKey(at: file)
      _ = try await server.withClient { try await $0.post("/seal-keys", ["pem": .string(key.pem)]) }
      Console.data(key.hint)
      Console.prose("seals by this key hold now")
    }
  }

  /// `gatehouse seal-keys retire`.
  struct Retire: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "End the time of a key that is not active and sealed nothing that is served.")

    @Argument(help: "The key's hint, or its first 8 digits or more.")
    var hint: String

    @OptionGroup var server: ServerOptions

    func run() async throws {
      let hint = try SealKeyHint(hint)
      _ = try await server.withClient { try await $0.command("/seal-keys/\(hint.text)/retire") }
      Console.prose("retired \(hint.text): its seals hold no more")
    }
  }

  /// `gatehouse seal-keys revoke`.
  struct Revoke: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Revoke a key that is not active; what it sealed is withdrawn at once.",
      discussion:
        "What the ledger knows to be ours is saved by 'gatehouse seal-keys reseal', before or after.")

    @Argument(help: "The key's hint, or its first 8 digits or more.")
    var hint: String

    @Option(help: "Why, in one line; it goes into the ledger.")
    var reason: String

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var server: ServerOptions

    func run() async throws {
      let hint = try SealKeyHint(hint)
      let reason = try RevocationReason(parsing: reason)
      let answer = try await server.withClient {
        try await $0.post("/seal-keys/\(hint.text)/revoke", ["reason": .string(reason.description)])
      }
      if json { return Console.data(answer) }
      for version in answer["withdrawn"]?.array ?? [] { Console.data(version.string ?? "") }
      Console.prose("revoked \(hint.text)")
    }
  }

  /// `gatehouse seal-keys reseal`.
  struct Reseal: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Seal again, by the active key, the versions in force that another key of ours has sealed.")

    @Option(help: "Those of this key alone: its hint, or its first 8 digits or more.")
    var key: String?

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var server: ServerOptions

    func run() async throws {
      var body: [String: JSON] = [:]
      if let key { body["key"] = .string(try SealKeyHint(key).text) }
      let answer = try await server.withClient { try await $0.post("/seal-keys/reseal", .object(body)) }
      if json { return Console.data(answer) }
      let versions = answer["resealed"]?.array ?? []
      for version in versions { Console.data(version.string ?? "") }
      Console.prose("sealed \(versions.count) versions again")
    }
  }
}

/// How a key of seals is named on the command line: hexadecimal digits, which may stand in a path.
struct SealKeyHint {
  let text: String

  init(_ text: String) throws(Problem) {
    guard 8...64 ~= text.utf8.count, text.utf8.allSatisfy({ 0x30...0x39 ~= $0 || 0x61...0x66 ~= $0 }) else {
      throw Problem(
        .badInput, "seal-key.unknown",
        "expected the hint of a key, at least 8 digits of it, found '\(text.excerpt(80))'",
        hint: "list them with 'gatehouse seal-keys list'")
    }
    self.text = text
  }
}

/// `gatehouse revoke`.
struct RevokeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "revoke", abstract: "Withdraw a version for good; it answers no more at once.",
    discussion: "Only a new push brings the model back, as another version.")

  @Argument(help: "The version: NAME@VERSION.")
  var version: String

  @Option(help: "Why, in one line; it goes into the ledger.")
  var reason: String

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup var server: ServerOptions

  func run() async throws {
    let reference = try VersionReference(parsing: version)
    let reason = try RevocationReason(parsing: reason)
    let answer = try await server.withClient {
      try await $0.post(
        "/models/\(reference.name)/versions/\(reference.version)/revoke",
        ["reason": .string(reason.description)])
    }
    if json { return Console.data(answer) }
    Console.prose("revoked \(reference) at \(answer["revokedAt"].cell)")
  }
}

/// `gatehouse revocations`.
struct RevocationsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "revocations", abstract: "What was revoked: list it, and sign it for images.",
    subcommands: [List.self, Export.self])

  /// `gatehouse revocations list`.
  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the keys and versions that were revoked.")

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var server: ServerOptions

    func run() async throws {
      let answer = try await server.withClient { try await $0.get("/revocations") }
      if json { return Console.data(answer) }
      let keys = (answer["keys"]?.array ?? []).map { key in
        ["key \((key["hint"]?.string ?? "").prefix(12))", key["changedAt"].cell, key["reason"].cell]
      }
      let versions = (answer["versions"]?.array ?? []).map { version in
        [
          "\(version["name"].cell)@\(version["version"].cell)", version["revokedAt"].cell,
          version["reason"].cell,
        ]
      }
      Console.table([["REVOKED", "SINCE", "REASON"]] + keys + versions)
    }
  }

  /// `gatehouse revocations export`.
  struct Export: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract:
        "Write a signed list of what was revoked, to be mounted as run/gatehouse/revoked.jsonl of images.")

    @Option(
      name: [.customShort("o"), .customLong("output")],
      help: "The file, replaced whole (default: standard output).")
    var output: String?

    @OptionGroup var server: ServerOptions

    func run() async throws {
      let answer = try await server.withClient { try await $0.post("/revocations/export") }
      guard let line = answer["list"]?.string else {
        throw Problem(
          .unavailable, "server.answer", "expected a signed list from the control plane, found none")
      }
      guard let output else { return Console.data(line.hasSuffix("\n") ? String(line.dropLast()) : line) }
      // Not secret, and for a process of another user.
      try DurableFile.write(Array(line.utf8), to: DataDirectory.absolute(output), mode: 0o644)
      Console.prose("wrote \(output)")
    }
  }
}

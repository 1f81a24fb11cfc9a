public import Encoding

/// What the control plane can ask of a data plane, one line of JSON each: `{"command":"status"}`.
public enum PlaneCommand: String, Sendable, CaseIterable {
  /// Say how it stands; answered with `PlaneStatus` as the member `status`.
  case status
  /// Read the state file again and serve what it says; answered with `PlaneApplication`.
  case apply
  /// Hand over the listening socket: after the answering line it comes as a passed descriptor.
  case listener
  /// The same with the socket of the admin listener; refused with `plane.no-admin` where there is none.
  case adminListener = "admin-listener"
  /// Accept nothing any more, answer what is under way, and end.
  case drain
  /// Say what was counted of every version; answered with `PlaneCounts` as the member `counts`.
  case observe
  /// Give rows that the version of the members `deployment` and `version` was asked about, with what it answered; answered with
  /// `ReplaySample` as the member `sample`.
  case sample
  /// Answer the rows of the member `sample`; answered with an array `answers`, the outputs' digests of each case.
  case replay
  /// Say which program runs; answered with the digest of its bytes as the member `program`.
  case program
  /// Accept connections from now on, where the process was held until it is told to; it may be told again.
  case begin
}

/// How a data plane stands.
public struct PlaneStatus: Equatable, Sendable {
  /// One model that answers.
  public struct Model: Equatable, Sendable {
    /// The name it is served under.
    public let name: ModelName
    /// The version that answers.
    public let version: VersionNumber
    /// The digest of that version's bundle.
    public let bundle: Digest

    /// States which version of a model answers.
    public init(name: ModelName, version: VersionNumber, bundle: Digest) {
      self.name = name
      self.version = version
      self.bundle = bundle
    }
  }

  /// The number of its process.
  public let process: Int
  /// A random name that no other process of a data plane has had.
  public let instance: String
  /// The generation of the snapshot it serves; 0 without one.
  public let generation: Int
  /// The address it accepts connections on, `127.0.0.1:8080`.
  public let address: String
  /// The address for metrics and health; nil where there is none.
  public let admin: String?
  /// The version of the program.
  public let version: String
  /// When it was ready.
  public let startedAt: Timestamp
  /// How many requests it has answered, refused ones too.
  public let requests: Int
  /// Whether it accepts nothing any more.
  public let isDraining: Bool
  /// What answers, sorted by name.
  public let models: [Model]
  /// What it has given up; nil where it does not say.
  public var confinement: PlaneConfinement?
  /// The file that the process was started from; nil where it does not say.
  public var program: ProgramFile?
  /// Whether it accepts nothing until it is told to begin.
  public var isHeld = false
  /// The undertaking that it was started held for; nil where it was not.
  public var heldFor: String?
  /// What its connections are secured by; nil where they are in the clear, or it does not say.
  public var certificate: PlaneCertificate?

  /// States how a data plane stands.
  public init(
    process: Int, instance: String, generation: Int, address: String, admin: String? = nil, version: String,
    startedAt: Timestamp, requests: Int, isDraining: Bool, models: [Model]
  ) {
    self.process = process
    self.instance = instance
    self.generation = generation
    self.address = address
    self.admin = admin
    self.version = version
    self.startedAt = startedAt
    self.requests = requests
    self.isDraining = isDraining
    self.models = models
  }

  /// The status as the control socket carries it.
  public var json: JSON {
    var members: [String: JSON] = [
      "pid": JSON(process), "instance": .string(instance), "generation": JSON(generation),
      "listen": .string(address), "version": .string(version),
      "startedAt": .integer(startedAt.milliseconds), "requests": JSON(requests),
      "draining": .bool(isDraining),
      "models": .array(
        models.map { model in
          [
            "name": .string(model.name.description), "version": JSON(model.version.value),
            "bundle": .string(model.bundle.description),
          ]
        }),
    ]
    if let admin { members["admin"] = .string(admin) }
    members["confinement"] = confinement?.json
    members["program"] = program.map { .string($0.description) }
    if isHeld { members["held"] = true }
    members["heldFor"] = heldFor.map { .string($0) }
    members["certificate"] = certificate?.json
    return .object(members)
  }

  /// Reads what `json` writes; nil where it is something else.
  public init?(json: JSON) {
    guard let process = json["pid"]?.int, let instance = json["instance"]?.string,
      let generation = json["generation"]?.int, let address = json["listen"]?.string,
      let version = json["version"]?.string, let startedAt = json["startedAt"]?.plausibleMoment,
      let requests = json["requests"]?.int, let isDraining = json["draining"]?.bool,
      let elements = json["models"]?.array
    else { return nil }
    var models: [Model] = []
    for element in elements {
      guard let name = element["name"]?.string, let name = try? ModelName(parsing: name),
        let version = element["version"]?.int.flatMap({ VersionNumber($0) }),
        let bundle = element["bundle"]?.string, let bundle = try? Digest(parsing: bundle)
      else { return nil }
      models.append(Model(name: name, version: version, bundle: bundle))
    }
    self.init(
      process: process, instance: instance, generation: generation, address: address,
      admin: json["admin"]?.string, version: version,
      startedAt: startedAt, requests: requests, isDraining: isDraining,
      models: models)
    confinement = json["confinement"].flatMap(PlaneConfinement.init(json:))
    program = json["program"]?.string.flatMap { ProgramFile($0) }
    isHeld = json["held"]?.bool ?? false
    heldFor = json["heldFor"]?.string
    certificate = json["certificate"].flatMap(PlaneCertificate.init(json:))
  }
}

/// What became of a snapshot that a data plane was told to apply.
public struct PlaneApplication: Equatable, Sendable {
  /// One version of a deployment that could not be brought up.
  ///
  /// What was served in its place before is served still.
  public struct Failure: Equatable, Sendable {
    /// The name it is served under.
    public let deployment: ModelName
    /// The version that is not served.
    public let version: VersionNumber
    /// Why not.
    public let problem: Problem

    /// States why a version of a deployment could not be brought up.
    public init(deployment: ModelName, version: VersionNumber, problem: Problem) {
      self.deployment = deployment
      self.version = version
      self.problem = problem
    }
  }

  /// The generation that is live now.
  public let generation: Int
  /// What of it is not.
  public let failures: [Failure]

  /// States what became of a snapshot.
  public init(generation: Int, failures: [Failure]) {
    self.generation = generation
    self.failures = failures
  }

  /// The members of the answering line beside `ok`, which is true where there is no failure.
  public var json: [String: JSON] {
    [
      "generation": JSON(generation),
      "failures": .array(
        failures.map { failure in
          [
            "deployment": .string(failure.deployment.description), "version": JSON(failure.version.value),
            "problem": failure.problem.json,
          ]
        }),
    ]
  }

  /// Reads what `json` writes out of an answering line; nil where it is something else.
  public init?(json: JSON) {
    guard let generation = json["generation"]?.int, let elements = json["failures"]?.array else { return nil }
    var failures: [Failure] = []
    for element in elements {
      guard let name = element["deployment"]?.string, let name = try? ModelName(parsing: name),
        let version = element["version"]?.int.flatMap({ VersionNumber($0) }),
        let problem = element["problem"].flatMap({ Problem(json: $0) })
      else { return nil }
      failures.append(Failure(deployment: name, version: version, problem: problem))
    }
    self.init(generation: generation, failures: failures)
  }
}

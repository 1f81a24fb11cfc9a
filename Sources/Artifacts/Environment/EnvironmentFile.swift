import YAML

/// A file beside a model that says what the model was trained with, as far as it can be read.
///
/// Claims of whoever made the artifact; nothing of it is installed or looked up.
public struct EnvironmentFile: Equatable, Sendable {
  /// What such a file is, by the name that installers and MLflow look for.
  public enum Kind: Sendable, CaseIterable {
    /// `requirements.txt`, or what `pip freeze` printed.
    case requirements
    /// `conda.yaml`, `environment.yml`: an environment of conda.
    case conda
    /// `python_env.yaml`: an environment of virtualenv, by MLflow.
    case pythonEnvironment
    /// `MLmodel`: what MLflow says of a model.
    case mlflow

    /// The kind of the file at a path; nil for any other file.
    public init?(path: String) {
      let name = path.split(separator: "/").last.map(String.init) ?? path
      switch name {
      case "MLmodel": self = .mlflow
      case "python_env.yaml", "python_env.yml": self = .pythonEnvironment
      case "conda.yaml", "conda.yml", "environment.yaml", "environment.yml": self = .conda
      case "constraints.txt", "pip-freeze.txt", "pip_freeze.txt", "freeze.txt": self = .requirements
      case _ where name.hasPrefix("requirements") && name.hasSuffix(".txt"): self = .requirements
      default: return nil
      }
    }
  }

  /// A package at one version.
  public struct Package: Hashable, Sendable {
    /// Who numbers its versions.
    public enum Source: Hashable, Sendable {
      case pypi
      case conda(build: String?, channel: String?)
      /// Python itself, where pip is what installs.
      case python
    }

    /// Who numbers its versions.
    public let source: Source
    /// Its name.
    public let name: String
    /// Its version.
    public let version: String

    init(_ source: Source, _ name: String, _ version: String) {
      self.source = source
      self.name = name
      self.version = version
    }
  }

  /// What could not be read.
  public struct Fault: Equatable, Sendable {
    /// What was expected, and what was found.
    public let message: String
    /// Where in the file.
    public let offset: Int
  }

  /// The most bytes of such a file that are read.
  public static let sizeLimit = 1 << 20
  static let packageLimit = 2_000
  static let remarkLimit = 500
  static let faultLimit = 20

  /// The packages that it names at one version, in their order.
  public private(set) var packages: [Package] = []
  /// What else it asks for, one line each: ranges, options, addresses without what may be secret in them.
  public private(set) var remarks: [String] = []
  /// What of it could not be read, the first few.
  public private(set) var faults: [Fault] = []
  private var seenPackages: Set<Package> = []
  private var seenRemarks: Set<String> = []

  /// Reads a file.
  ///
  /// Takes time and memory in proportion to its size; whatever it cannot read is a fault, and the rest stays.
  public init(_ bytes: ArraySlice<UInt8>, as kind: Kind) {
    guard bytes.count <= Self.sizeLimit else {
      addFault("expected at most \(Self.sizeLimit) bytes, found \(bytes.count)", at: Self.sizeLimit)
      return
    }
    switch kind {
    case .requirements: RequirementsReader.read(bytes, into: &self)
    case .conda, .pythonEnvironment, .mlflow:
      let root: YAMLValue
      do throws(MalformedYAML) { root = try YAMLValue(parsing: bytes) } catch {
        addFault(error.message, at: error.offset)
        return
      }
      guard root.members != nil else {
        addFault("expected a mapping, found another value", at: 0)
        return
      }
      switch kind {
      case .conda: readConda(root)
      case .pythonEnvironment: readPythonEnvironment(root)
      default: readMLflow(root)
      }
    }
  }

  mutating func add(_ package: Package) {
    guard packages.count < Self.packageLimit else {
      return addFault("expected at most \(Self.packageLimit) packages, found more", at: 0)
    }
    if seenPackages.insert(package).inserted { packages.append(package) }
  }

  mutating func addRemark(_ text: String) {
    guard remarks.count < Self.remarkLimit else {
      return addFault("expected at most \(Self.remarkLimit) other requirements, found more", at: 0)
    }
    let line = text.escaped(limit: 200)
    if seenRemarks.insert(line).inserted { remarks.append(line) }
  }

  mutating func addFault(_ message: String, at offset: Int) {
    let fault = Fault(message: message, offset: offset)
    guard faults.count < Self.faultLimit, !faults.contains(fault) else { return }
    faults.append(fault)
  }
}

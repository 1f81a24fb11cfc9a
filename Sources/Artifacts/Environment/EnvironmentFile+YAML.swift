import YAML

extension EnvironmentFile {
  /// Takes an environment of conda: `dependencies` with names and versions, and a list for pip among them.
  mutating func readConda(_ root: YAMLValue) {
    guard let dependencies = root["dependencies"] else {
      return addFault("expected 'dependencies' in an environment of conda, found none", at: 0)
    }
    guard let entries = dependencies.elements else {
      return addFault("expected a list as 'dependencies', found another value", at: 0)
    }
    for entry in entries {
      if let text = entry.text {
        takeConda(text[...])
      } else if let list = entry["pip"]?.elements {
        take(list, of: "pip")
      } else {
        addFault("expected packages among 'dependencies', found another value", at: 0)
      }
    }
  }

  /// Takes an environment of virtualenv: the version of Python, and what pip installs.
  mutating func readPythonEnvironment(_ root: YAMLValue) {
    if let python = root["python"]?.text { takePython(python[...]) }
    for list in ["build_dependencies", "dependencies"] {
      guard let value = root[list] else { continue }
      guard let entries = value.elements else {
        addFault("expected a list as '\(list)', found another value", at: 0)
        continue
      }
      take(entries, of: list)
    }
  }

  /// Takes what MLflow says: its own version, Python's, and that of the library of each flavour.
  mutating func readMLflow(_ root: YAMLValue) {
    if let version = root["mlflow_version"]?.text.flatMap({ Requirement.version($0[...]) }) {
      add(Package(.pypi, "mlflow", version))
    }
    for flavor in root["flavors"]?.members ?? [] {
      if let python = flavor.value["python_version"]?.text { takePython(python[...]) }
      for (member, package) in Self.flavorVersions {
        guard let version = flavor.value[member]?.text.flatMap({ Requirement.version($0[...]) }) else {
          continue
        }
        add(Package(.pypi, package, version))
      }
    }
  }

  /// The members of flavours that say which version of a library there was, and its package.
  private static let flavorVersions = [
    ("sklearn_version", "scikit-learn"), ("xgb_version", "xgboost"), ("lgb_version", "lightgbm"),
    ("catboost_version", "catboost"), ("onnx_version", "onnx"), ("skops_version", "skops"),
  ]

  private mutating func take(_ entries: [YAMLValue], of list: String) {
    for entry in entries {
      guard let text = entry.text else {
        addFault("expected texts in '\(list)', found another value", at: 0)
        continue
      }
      RequirementsReader.take(text[...], at: 0, into: &self)
    }
  }

  private mutating func takePython(_ text: Substring) {
    if let version = Requirement.version(text.trimmedBlanks) {
      add(Package(.python, "python", version))
    } else {
      addRemark("python \(text)")
    }
  }

  /// Takes `channel::name=version=build`.
  ///
  /// conda takes `numpy=1.26` for every 1.26; `conda env export` writes what is installed so, which is why one is a pin here.
  private mutating func takeConda(_ text: Substring) {
    var rest = text.trimmedBlanks
    var channel: String?
    if let mark = rest.firstRange(of: "::") {
      let name = rest[..<mark.lowerBound]
      // The channel can be an address with a token in it.
      channel = Requirement.isName(name) ? String(name) : nil
      rest = rest[mark.upperBound...]
    }
    let name = rest.prefix { !"=<>!~ [".contains($0) }
    guard Requirement.isName(name.first == "_" ? name.dropFirst() : name) else {
      return addFault("expected a package of conda such as 'python=3.11.7', found a text that is none", at: 0)
    }
    rest = rest[name.endIndex...].trimmedBlanks
    if rest.hasPrefix("==") { rest = rest.dropFirst() }
    guard rest.hasPrefix("=") else { return addRemark(String(name + rest)) }
    let words = rest.dropFirst().split(separator: "=", omittingEmptySubsequences: false)
    let build = words.dropFirst().first
    guard words.count <= 2, let version = words.first.flatMap({ Requirement.version($0.trimmedBlanks) }),
      build.map({ Requirement.version("0\($0)"[...]) != nil }) ?? true
    else { return addRemark(String(name + rest)) }
    add(
      Package(.conda(build: build.map(String.init), channel: channel), String(name), version))
  }
}

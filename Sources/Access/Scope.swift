public import Domain
import Encoding

/// What a grant reaches: the models of a name, in the projects of a name.
public struct Scope: Hashable, Sendable {
  /// The projects.
  public let projects: NamePattern
  /// The models of them.
  public let models: NamePattern

  /// States what is reached.
  public init(projects: NamePattern = .any, models: NamePattern = .any) {
    self.projects = projects
    self.models = models
  }

  /// All there is.
  public static let everything = Scope()

  /// `everything`, `models fraud-*`, `projects retail`.
  public var description: String {
    switch (projects == .any, models == .any) {
    case (true, true): "everything"
    case (true, false): "models \(models)"
    case (false, true): "projects \(projects)"
    case (false, false): "models \(models) of projects \(projects)"
    }
  }

  var json: JSON { ["projects": .string(projects.description), "models": .string(models.description)] }

  init(json: JSON) throws(Problem) {
    let fields = RecordFields(json, "scope")
    try fields.allow(["projects", "models"])
    self.init(
      projects: try NamePattern(parsing: fields.text("projects", default: "*")),
      models: try NamePattern(parsing: fields.text("models", default: "*")))
  }
}

import Artifacts
import Domain

/// An MLflow model: a folder with a description, `MLmodel`, of what loads which of the files beside it.
enum MLflowModel {
  /// Judges the description, where a directory has one; `folder` is the place of it.
  static func judge(_ bytes: ArraySlice<UInt8>, _ subject: Subject, in walk: inout InspectionWalk) {
    let scan = YAMLScan.read(bytes)
    guard scan.entries.contains(where: { $0.path.first == "flavors" }) else { return }
    for entry in scan.entries {
      guard let name = entry.path.last(where: { $0 != "-" }) else { continue }
      let spelled = "'\(entry.value.escaped(limit: 120))'"
      if name == "loader_module" {
        judgeLoader(entry, spelled, subject, in: &walk)
      } else if pathNames.contains(name) || entry.path.contains("env") && entry.path.first == "flavors" {
        guard entry.value != "null", entry.value != "~", !entry.value.isEmpty,
          !OutsidePath.isInside(entry.value)
        else { continue }
        walk.report(
          .mlflowPath, "expected a path inside the model, found \(spelled) for '\(name.escaped(limit: 60))'",
          subject,
          at: entry.offset)
      }
    }
  }

  private static func judgeLoader(
    _ entry: YAMLScan.Entry, _ spelled: String, _ subject: Subject, in walk: inout InspectionWalk
  ) {
    let module = entry.value
    if module.hasPrefix("mlflow."), !module.contains(".."), module.utf8.allSatisfy({ $0 != 0x20 }) { return }
    if NameOrigin(PickleGlobal(module: module, name: "_load_pyfunc")).hasEffects {
      walk.report(
        .mlflowLoader, "would import \(spelled) as the loader of the model", subject, at: entry.offset)
    } else {
      let rule: Rule = OutsidePath.isInside(module) ? .mlflowLoaderUnknown : .mlflowPath
      walk.report(rule, "expected a loader of MLflow's own, found \(spelled)", subject, at: entry.offset)
    }
  }

  /// The members whose values are paths inside the model.
  private static let pathNames: Set<String> = [
    "data", "code", "model_path", "pickled_model", "python_model", "model_code_path", "path", "model_data",
    "saved_model_dir", "pickle_module_path", "serialized_model_file", "model_file",
  ]
}

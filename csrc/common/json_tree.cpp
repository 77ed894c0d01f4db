#include "common/json_tree.h"

#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

namespace dt {
namespace {

using Json = nlohmann::json;

// From the leaves up: what the library destroys then is never more than an empty object or array.
void take_apart(Json* value) noexcept {
  if (value->is_array()) {
    auto& items = value->get_ref<Json::array_t&>();
    for (Json& item : items) take_apart(&item);
    items.clear();
  } else if (value->is_object()) {
    auto& members = value->get_ref<Json::object_t&>();
    for (auto& member : members) take_apart(&member.second);
    members.clear();
  }
}

// Puts values where the parser finds them, into a tree that is somebody else's: a parse that throws leaves it
// to him. As nlohmann::json_sax says.
class Builder : public nlohmann::json_sax<Json> {
 public:
  Builder(Json* root, JsonWatch* watch) : root_(root), watch_(watch) {}

  bool null() override { return add(nullptr); }
  bool boolean(bool value) override { return add(value); }
  bool number_integer(number_integer_t value) override { return add(value); }
  bool number_unsigned(number_unsigned_t value) override { return add(value); }
  bool number_float(number_float_t value, const string_t&) override { return add(value); }
  bool string(string_t& value) override { return add(std::move(value)); }
  bool binary(binary_t&) override { return false; }  // no text has any
  bool start_object(std::size_t) override { return open(Json::value_t::object); }
  bool start_array(std::size_t) override { return open(Json::value_t::array); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool key(string_t& name) override {
    watch_->key(name);
    member_ = &(*open_.back())[std::move(name)];
    take_apart(member_);  // of a key that was there already
    return true;
  }
  [[noreturn]] bool parse_error(std::size_t, const std::string&, const Json::exception& fault) override {
    if (const auto* out_of_range = dynamic_cast<const Json::out_of_range*>(&fault)) throw *out_of_range;
    throw *static_cast<const Json::parse_error*>(&fault);
  }

 private:
  template <typename Value>
  bool add(Value&& value) {
    watch_->value();
    place() = Json(std::forward<Value>(value));
    return true;
  }
  Json& place() {
    if (open_.empty()) return *root_;
    if (open_.back()->is_object()) return *member_;
    return open_.back()->emplace_back();
  }
  bool open(Json::value_t kind) {
    watch_->opens(open_.size(), kind == Json::value_t::object);
    Json& at = place();
    at = Json(kind);
    open_.push_back(&at);
    return true;
  }
  bool close() {
    watch_->closes(open_.back()->is_object());
    open_.pop_back();
    return true;
  }

  Json* const root_;
  JsonWatch* const watch_;
  std::vector<Json*> open_;  // objects and arrays that are not closed yet
  Json* member_ = nullptr;   // of the last key
};

}  // namespace

void FreeJson::operator()(nlohmann::json* tree) const noexcept {
  take_apart(tree);
  delete tree;
}

JsonTree parse_json(const char* data, size_t n, JsonWatch* watch) {
  JsonTree tree(new Json());
  Builder builder(tree.get(), watch);
  Json::sax_parse(data, data + n, &builder);
  return tree;
}

}  // namespace dt

// Fills a form with JavaRosa, the engine inside ODK Collect, as a surveyor would.
//
//   java -cp ODK_Validate.jar:. Phone FORM.xml FILES_FOLDER ANSWERS.tsv OUT.xml
//
// ANSWERS.tsv has a line for each answer, "PATH<tab>VALUE", where PATH is the question's
// reference with positions, such as /data/children[2]/name[1]. A value "+" at the
// path of a repeat, such as /data/children[2], asks for one more repetition. What
// each question shows is printed as "PATH<tab>TYPE<tab>VALUE<tab>CHOICES".

import java.io.ByteArrayInputStream;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import org.javarosa.core.model.Constants;
import org.javarosa.core.model.FormDef;
import org.javarosa.core.model.FormIndex;
import org.javarosa.core.model.SelectChoice;
import org.javarosa.core.model.data.AnswerDataFactory;
import org.javarosa.core.model.data.IAnswerData;
import org.javarosa.core.model.data.MultipleItemsData;
import org.javarosa.core.model.data.SelectMultiData;
import org.javarosa.core.model.data.SelectOneData;
import org.javarosa.core.model.data.StringData;
import org.javarosa.core.model.data.UncastData;
import org.javarosa.core.model.data.helper.Selection;
import org.javarosa.core.model.instance.InstanceInitializationFactory;
import org.javarosa.core.reference.Reference;
import org.javarosa.core.reference.ReferenceFactory;
import org.javarosa.core.reference.ReferenceManager;
import org.javarosa.core.services.IPropertyManager;
import org.javarosa.core.services.PropertyManager;
import org.javarosa.core.services.properties.IPropertyRules;
import org.javarosa.form.api.FormEntryController;
import org.javarosa.form.api.FormEntryModel;
import org.javarosa.form.api.FormEntryPrompt;
import org.javarosa.model.xform.XFormSerializingVisitor;
import org.javarosa.model.xform.XFormsModule;
import org.javarosa.xform.util.XFormUtils;

public class Phone {
    private static final PrintStream OUT = new PrintStream(System.out, true, StandardCharsets.UTF_8);

    public static void main(String[] arguments) throws Exception {
        Path files = Paths.get(arguments[1]);
        ReferenceManager.instance().addReferenceFactory(new FolderFactory(files));
        PropertyManager.setPropertyManager(new Properties());
        new XFormsModule().registerModule();
        byte[] xform = Files.readAllBytes(Paths.get(arguments[0]));
        FormDef form = XFormUtils.getFormFromInputStream(new ByteArrayInputStream(xform));
        form.initialize(true, new InstanceInitializationFactory());
        fill(form, read(Paths.get(arguments[2])));
        form.postProcessInstance();
        byte[] made = new XFormSerializingVisitor().serializeInstance(form.getInstance());
        Files.write(Paths.get(arguments[3]), made);
    }

    private static Map<String, String> read(Path path) throws IOException {
        Map<String, String> answers = new LinkedHashMap<>();
        for (String line : Files.readAllLines(path, StandardCharsets.UTF_8)) {
            int tab = line.indexOf('\t');
            if (tab > 0) {
                answers.put(line.substring(0, tab), line.substring(tab + 1));
            }
        }
        return answers;
    }

    private static void fill(FormDef form, Map<String, String> answers) {
        FormEntryModel model = new FormEntryModel(form);
        FormEntryController controller = new FormEntryController(model);
        int event;
        while ((event = controller.stepToNextEvent()) != FormEntryController.EVENT_END_OF_FORM) {
            FormIndex index = model.getFormIndex();
            String path = index.getReference() == null ? "" : index.getReference().toString(true);
            if (event == FormEntryController.EVENT_PROMPT_NEW_REPEAT) {
                if ("+".equals(answers.remove(path))) {
                    controller.newRepeat();
                }
            } else if (event == FormEntryController.EVENT_QUESTION) {
                FormEntryPrompt prompt = model.getQuestionPrompt();
                String wanted = answers.remove(path);
                if (wanted != null) {
                    int result = controller.answerQuestion(answer(prompt, wanted), true);
                    if (result != FormEntryController.ANSWER_OK) {
                        fail("refused " + path + " = " + wanted + " (" + result + ")");
                    }
                }
                show(path, model.getQuestionPrompt());
            }
        }
        if (!answers.isEmpty()) {
            fail("never asked: " + answers.keySet());
        }
    }

    private static IAnswerData answer(FormEntryPrompt prompt, String wanted) {
        if (wanted.isEmpty()) {
            return null;
        }
        int control = prompt.getControlType();
        if (control == Constants.CONTROL_SELECT_ONE) {
            return new SelectOneData(chosen(prompt, wanted));
        }
        if (control == Constants.CONTROL_SELECT_MULTI || control == Constants.CONTROL_RANK) {
            List<Selection> all = new ArrayList<>();
            for (String value : wanted.split(" ")) {
                all.add(chosen(prompt, value));
            }
            return control == Constants.CONTROL_RANK
                ? new MultipleItemsData(all) : new SelectMultiData(all);
        }
        int type = prompt.getDataType();
        if (type == Constants.DATATYPE_BINARY) {
            return new StringData(wanted);
        }
        return AnswerDataFactory.templateByDataType(type).cast(new UncastData(wanted));
    }

    private static Selection chosen(FormEntryPrompt prompt, String value) {
        for (SelectChoice choice : prompt.getSelectChoices()) {
            if (choice.getValue().equals(value)) {
                return choice.selection();
            }
        }
        fail("no choice " + value + " of " + prompt.getSelectChoices());
        return null;
    }

    private static void show(String path, FormEntryPrompt prompt) {
        StringBuilder choices = new StringBuilder();
        int control = prompt.getControlType();
        if (control == Constants.CONTROL_SELECT_ONE || control == Constants.CONTROL_SELECT_MULTI) {
            for (SelectChoice choice : prompt.getSelectChoices()) {
                choices.append(choice.getValue()).append(' ');
            }
        }
        IAnswerData value = prompt.getAnswerValue();
        String words = value == null ? "" : value.uncast().getString();
        String text = prompt.getQuestionText();
        OUT.println(path + "\t" + (text == null ? "" : text.replaceAll("\\s+", " ")) + "\t"
            + (words == null ? "" : words) + "\t" + choices.toString().trim());
    }

    private static void fail(String words) {
        System.err.println(words);
        System.exit(3);
    }

    /** What the phone knows of itself: its device ID. */
    private static final class Properties implements IPropertyManager {
        public List<String> getProperty(String name) {
            return List.of(getSingularProperty(name));
        }

        public String getSingularProperty(String name) {
            return "deviceid".equals(name) ? "collect:javarosa" : "";
        }

        public void setProperty(String name, String value) {
        }

        public void setProperty(String name, List<String> values) {
        }

        public void addRules(IPropertyRules rules) {
        }

        public List<IPropertyRules> getRules() {
            return List.of();
        }
    }

    /** Every jr:// address is a file of one folder, by its last part. */
    private static final class FolderFactory implements ReferenceFactory {
        private final Path folder;

        FolderFactory(Path folder) {
            this.folder = folder;
        }

        public boolean derives(String uri) {
            return uri.startsWith("jr://");
        }

        public Reference derive(String uri) {
            return new FileReference(uri, folder.resolve(uri.substring(uri.lastIndexOf('/') + 1)));
        }

        public Reference derive(String uri, String context) {
            return derive(uri);
        }
    }

    private static final class FileReference implements Reference {
        private final String uri;
        private final Path path;

        FileReference(String uri, Path path) {
            this.uri = uri;
            this.path = path;
        }

        public boolean doesBinaryExist() {
            return Files.exists(path);
        }

        public InputStream getStream() throws IOException {
            return new FileInputStream(path.toFile());
        }

        public String getURI() {
            return uri;
        }

        public String getLocalURI() {
            return path.toString();
        }

        public boolean isReadOnly() {
            return true;
        }

        public OutputStream getOutputStream() {
            throw new UnsupportedOperationException(uri);
        }

        public void remove() {
            throw new UnsupportedOperationException(uri);
        }

        public Reference[] probeAlternativeReferences() {
            return new Reference[0];
        }
    }
}
